//! Users: addresses sealed and indexed on the platform, members within a tenant. Passwords come as PHC strings only.

pub mod readdressing;
pub mod recovery;

use crate::flight::{Check, Flight, Head, Param};
use crate::{Statement, Store, StoreError};
use domain::id::{RoleId, TenantId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

/// The account of an address.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// The user.
    pub user: UserId,
    /// The hash of the password, when one is set.
    pub password_phc: Option<String>,
}

/// A member as stored.
#[derive(Clone, Debug)]
pub struct MemberRow {
    /// The user.
    pub user: UserId,
    /// Sealed display name.
    pub name_sealed: Vec<u8>,
    /// Sealed address.
    pub email_sealed: Vec<u8>,
    /// Tenant administrator.
    pub administrator: bool,
    /// Not disabled.
    pub active: bool,
    /// Whether the invitation was taken up.
    pub joined: bool,
    /// Since when the member is frozen, if they are.
    pub frozen: Option<Timestamp>,
    /// Licences.
    pub billing_types: Vec<String>,
    /// Roles.
    pub roles: Vec<RoleId>,
    /// Last use of any session.
    pub last_seen: Option<Timestamp>,
}

/// Makes a member; does nothing if there is one.
pub fn add_member(
    tenant: TenantId,
    user: UserId,
    name_sealed: Vec<u8>,
    administrator: bool,
    billing: &[String],
) -> Statement {
    let params: Vec<Param> = vec![
        Box::new(tenant.0),
        Box::new(user.0),
        Box::new(name_sealed),
        Box::new(administrator),
        Box::new(billing.to_vec()),
    ];
    Statement::new(
        "INSERT INTO struct.member (tenant_id, user_id, name_sealed, administrator, billing_types) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, user_id) DO NOTHING",
        params,
    )
}

/// Sets a member's administrator right and licences.
pub fn change_member(tenant: TenantId, user: UserId, administrator: bool, billing: &[String]) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.member SET administrator = $3, billing_types = $4
             WHERE tenant_id = $1 AND user_id = $2 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(user.0), Box::new(administrator), Box::new(billing.to_vec())],
    )
}

/// Enables or disables a member.
pub fn set_active(tenant: TenantId, user: UserId, active: bool) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.member SET active = $3 WHERE tenant_id = $1 AND user_id = $2 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(user.0), Box::new(active)],
    )
}

/// Raises ST409 unless an active administrator who has joined is left. Stands last in flights that might leave none.
/// The tenant's row is locked first, so that two such flights cannot each leave the other's administrator.
pub fn expect_administrator(tenant: TenantId) -> Statement {
    Statement::new(
        "WITH held AS MATERIALIZED (SELECT 1 FROM struct.tenant WHERE tenant_id = $1 FOR UPDATE)
         SELECT struct.op_expect(LEAST(1, (SELECT count(*) FROM struct.member, held
             WHERE tenant_id = $1 AND administrator AND active AND joined_at IS NOT NULL)), 1)",
        vec![Box::new(tenant.0)],
    )
}

/// Replaces the roles of a member.
pub fn set_roles(tenant: TenantId, user: UserId, roles: &[RoleId]) -> [Statement; 2] {
    let roles: Vec<Uuid> = roles.iter().map(|role| role.0).collect();
    [
        Statement::new(
            "DELETE FROM struct.member_role WHERE tenant_id = $1 AND user_id = $2 AND role_id <> ALL ($3)",
            vec![Box::new(tenant.0), Box::new(user.0), Box::new(roles.clone())],
        ),
        Statement::new(
            "INSERT INTO struct.member_role (tenant_id, user_id, role_id) SELECT $1, $2, unnest($3::uuid[])
             ON CONFLICT DO NOTHING",
            vec![Box::new(tenant.0), Box::new(user.0), Box::new(roles)],
        ),
    ]
}

/// Keeps an invitation that opens for so many hours, by the database's clock; earlier ones of the same person are spent.
pub fn invite(tenant: TenantId, user: UserId, hash: [u8; 32], hours: i32) -> [Statement; 2] {
    [
        Statement::new(
            "UPDATE struct.invitation SET used_at = now() WHERE tenant_id = $1 AND user_id = $2 AND used_at IS NULL",
            vec![Box::new(tenant.0), Box::new(user.0)],
        ),
        Statement::new(
            "INSERT INTO struct.invitation (tenant_id, token_hash, user_id, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(hours => $4))",
            vec![Box::new(tenant.0), Box::new(hash.to_vec()), Box::new(user.0), Box::new(hours)],
        ),
    ]
}

/// Takes up an invitation: raises ST409 when it is spent. With a password, sets it as the account's first.
pub fn join(tenant: TenantId, user: UserId, hash: [u8; 32], first_password_phc: Option<String>) -> Vec<Statement> {
    let mut statements = vec![
        Statement::new(
            "WITH done AS (UPDATE struct.invitation SET used_at = now()
                 WHERE tenant_id = $1 AND token_hash = $2 AND used_at IS NULL AND expires_at > now() RETURNING 1)
             SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
            vec![Box::new(tenant.0), Box::new(hash.to_vec())],
        ),
        Statement::new(
            "UPDATE struct.member SET joined_at = coalesce(joined_at, now()) WHERE tenant_id = $1 AND user_id = $2",
            vec![Box::new(tenant.0), Box::new(user.0)],
        ),
    ];
    if let Some(phc) = first_password_phc {
        statements.push(Statement::new(
            "SELECT struct.op_expect(struct.account_set_first_password($1, $2), 1)",
            vec![Box::new(user.0), Box::new(phc)],
        ));
    }
    statements
}

/// What an invitation's token leads to.
#[derive(Clone, Debug)]
pub struct InvitationRow {
    /// Who was invited.
    pub user: UserId,
    /// Sealed display name.
    pub name_sealed: Vec<u8>,
    /// Sealed address.
    pub email_sealed: Vec<u8>,
    /// The tenant's name.
    pub tenant_name: String,
    /// Whether the account has no password yet.
    pub needs_password: bool,
}

impl Store {
    /// The account of an address, by its blind index.
    pub async fn account(&self, email_index: [u8; 16]) -> Result<Option<AccountRow>, StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT user_id, password_phc FROM struct.account_find($1)").await?;
        let row = client.query_opt(&statement, &[&&email_index[..]]).await?;
        Ok(row.map(|row| AccountRow { user: row.get::<_, Uuid>(0).into(), password_phc: row.get(1) }))
    }

    /// The account of an address, made when there is none. An account without a membership opens nothing.
    pub async fn ensure_account(
        &self,
        user: UserId,
        email_index: [u8; 16],
        email_sealed: &[u8],
    ) -> Result<UserId, StoreError> {
        let client = self.connection().await?;
        let row = client
            .query_one(
                "SELECT user_id FROM struct.account_ensure($1, $2, $3)",
                &[&user.0, &&email_index[..], &email_sealed],
            )
            .await?;
        Ok(row.get::<_, Uuid>(0).into())
    }

    /// The tenants a user may enter, oldest membership first.
    pub async fn user_tenants(&self, user: UserId) -> Result<Vec<TenantId>, StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT t FROM struct.user_tenants($1) t").await?;
        let rows = client.query(&statement, &[&user.0]).await?;
        Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).into()).collect())
    }

    /// The live invitation of a token's hash.
    pub async fn invitation(&self, tenant: TenantId, hash: [u8; 32]) -> Result<Option<InvitationRow>, StoreError> {
        let read = Statement::new(
            "SELECT i.user_id, m.name_sealed, a.email_sealed, t.name, NOT struct.account_has_password(i.user_id)
             FROM struct.invitation i
             JOIN struct.member m ON m.tenant_id = i.tenant_id AND m.user_id = i.user_id
             JOIN struct.tenant t ON t.tenant_id = i.tenant_id
             CROSS JOIN LATERAL struct.account_addresses(ARRAY[i.user_id]) a
             WHERE i.tenant_id = $1 AND i.token_hash = $2 AND i.used_at IS NULL AND i.expires_at > now() AND m.active",
            vec![Box::new(tenant.0), Box::new(hash.to_vec())],
        );
        let head = Head { tenant, check: Check::Nothing };
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| InvitationRow {
            user: row.get::<_, Uuid>(0).into(),
            name_sealed: row.get(1),
            email_sealed: row.get(2),
            tenant_name: row.get(3),
            needs_password: row.get(4),
        }))
    }

    /// All members of a tenant, oldest first.
    pub async fn members(&self, head: Head) -> Result<Vec<MemberRow>, StoreError> {
        let read = Statement::new(
            "SELECT m.user_id, m.name_sealed, a.email_sealed, m.administrator, m.active, m.joined_at IS NOT NULL, m.billing_types,
                 (SELECT coalesce(array_agg(r.role_id), '{}') FROM struct.member_role r
                  WHERE r.tenant_id = m.tenant_id AND r.user_id = m.user_id),
                 (SELECT max(s.last_seen_at) FROM struct.session s WHERE s.tenant_id = m.tenant_id AND s.user_id = m.user_id),
                 m.frozen_at
             FROM struct.member m
             JOIN struct.account_addresses((SELECT array_agg(user_id) FROM struct.member WHERE tenant_id = $1)) a
               ON a.user_id = m.user_id
             WHERE m.tenant_id = $1 ORDER BY m.created_at, m.user_id",
            vec![Box::new(head.tenant.0)],
        );
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows
            .iter()
            .map(|row| MemberRow {
                user: row.get::<_, Uuid>(0).into(),
                name_sealed: row.get(1),
                email_sealed: row.get(2),
                administrator: row.get(3),
                active: row.get(4),
                joined: row.get(5),
                billing_types: row.get(6),
                roles: row.get::<_, Vec<Uuid>>(7).into_iter().map(Into::into).collect(),
                last_seen: row.get(8),
                frozen: row.get(9),
            })
            .collect())
    }

    /// Sealed display names of members, for entries and records that name them.
    pub async fn member_names(&self, tenant: TenantId, users: &[UserId]) -> Result<Vec<(UserId, Vec<u8>)>, StoreError> {
        let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
        let read = Statement::new(
            "SELECT user_id, name_sealed FROM struct.member WHERE tenant_id = $1 AND user_id = ANY ($2)",
            vec![Box::new(tenant.0), Box::new(users)],
        );
        let head = Head { tenant, check: Check::Nothing };
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows.iter().map(|row| (row.get::<_, Uuid>(0).into(), row.get(1))).collect())
    }
}
