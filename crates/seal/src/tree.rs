//! The key tree: which key stands under which, and how a key is wrapped by its parent.
//!
//! Keeps nothing: files, tombstones and the passphrase belong to `host`. The tree is the contract tree, so ending a
//! contract, or one service of it, is destroying one node.
//!
//! Layout of a wrapped key: `0x02 | nonce 12 | ciphertext 32 | tag 16`.

use crate::aead;
use crate::envelope::CannotOpen;
use crate::key::{KEY_BYTES, Key};
use std::fmt;
use zeroize::Zeroizing;

/// First byte of every wrapped key and of its associated data. Differs from an envelope's, so neither can pass for
/// the other even under one key.
pub const FORMAT: u8 = 0x02;
/// Bytes of a wrapped key.
pub const WRAPPED_BYTES: usize = 1 + aead::NONCE_BYTES + KEY_BYTES + aead::TAG_BYTES;

/// The path of the root in the associated data of [`wrap_root`]. No node has it.
const ROOT_PATH: &str = "root";

/// A place in the key tree, below the root. Service names are those of manifests: `[a-z][a-z0-9_]{0,30}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Node {
    /// Seals the e-mail addresses of all users.
    PlatformDirectory,
    /// Finds users by e-mail address.
    PlatformIndex,
    /// Signs the checkpoints of the platform's log: an Ed25519 seed.
    PlatformCheckpoint,
    /// Encrypts the repository of backups: its digits are the passphrase that pgBackRest is given.
    PlatformBackup,
    /// A tenant's key, above all else of the tenant. Seals nothing itself.
    Tenant([u8; 16]),
    /// Seals the details of a tenant's audit entries that belong to no service.
    TenantLog([u8; 16]),
    /// Signs the checkpoints of a tenant's log: an Ed25519 seed.
    TenantCheckpoint([u8; 16]),
    /// Seals the names of a tenant's members.
    TenantDirectory([u8; 16]),
    /// One contracted service of a tenant. Seals nothing itself.
    Service([u8; 16], String),
    /// Seals the service's records, its files, and the audit details about them.
    ServiceData([u8; 16], String),
    /// Finds the service's records.
    ServiceIndex([u8; 16], String),
}

/// The text is not the path of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a path of the key tree")]
pub struct NotANode;

impl Node {
    /// The node's path, e.g. `tenant/0192…/service/crm/data`. Safe as a relative file path whatever the service's
    /// name holds: bytes no manifest allows are escaped, so a name can neither climb nor descend.
    pub fn path(&self) -> String {
        match self {
            Node::PlatformDirectory => "platform/directory".to_owned(),
            Node::PlatformIndex => "platform/index".to_owned(),
            Node::PlatformCheckpoint => "platform/checkpoint".to_owned(),
            Node::PlatformBackup => "platform/backup".to_owned(),
            Node::Tenant(tenant) => tenant_path(tenant),
            Node::TenantLog(tenant) => tenant_path(tenant) + "/log",
            Node::TenantCheckpoint(tenant) => tenant_path(tenant) + "/checkpoint",
            Node::TenantDirectory(tenant) => tenant_path(tenant) + "/directory",
            Node::Service(tenant, name) => service_path(tenant, name),
            Node::ServiceData(tenant, name) => service_path(tenant, name) + "/data",
            Node::ServiceIndex(tenant, name) => service_path(tenant, name) + "/index",
        }
    }

    /// The node whose key wraps this one's; `None` when that is the root.
    pub fn parent(&self) -> Option<Node> {
        match self {
            Node::PlatformDirectory
            | Node::PlatformIndex
            | Node::PlatformCheckpoint
            | Node::PlatformBackup
            | Node::Tenant(_) => None,
            Node::TenantLog(tenant)
            | Node::TenantCheckpoint(tenant)
            | Node::TenantDirectory(tenant)
            | Node::Service(tenant, _) => Some(Node::Tenant(*tenant)),
            Node::ServiceData(tenant, name) | Node::ServiceIndex(tenant, name) => {
                Some(Node::Service(*tenant, name.clone()))
            }
        }
    }

    /// Reads what [`path`](Self::path) wrote, and nothing else: no other spelling of a node is taken.
    pub fn parse(path: &str) -> Result<Node, NotANode> {
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            ["platform", "directory"] => Ok(Node::PlatformDirectory),
            ["platform", "index"] => Ok(Node::PlatformIndex),
            ["platform", "checkpoint"] => Ok(Node::PlatformCheckpoint),
            ["platform", "backup"] => Ok(Node::PlatformBackup),
            ["tenant", tenant] => Ok(Node::Tenant(parse_tenant(tenant)?)),
            ["tenant", tenant, "log"] => Ok(Node::TenantLog(parse_tenant(tenant)?)),
            ["tenant", tenant, "checkpoint"] => Ok(Node::TenantCheckpoint(parse_tenant(tenant)?)),
            ["tenant", tenant, "directory"] => Ok(Node::TenantDirectory(parse_tenant(tenant)?)),
            ["tenant", tenant, "service", name] => Ok(Node::Service(parse_tenant(tenant)?, parse_name(name)?)),
            ["tenant", tenant, "service", name, "data"] => {
                Ok(Node::ServiceData(parse_tenant(tenant)?, parse_name(name)?))
            }
            ["tenant", tenant, "service", name, "index"] => {
                Ok(Node::ServiceIndex(parse_tenant(tenant)?, parse_name(name)?))
            }
            _ => Err(NotANode),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// Wraps a node's key under its parent's. The wrapped bytes open only as this version of this node.
pub fn wrap(parent: &Key, node: &Node, version: u32, nonce: [u8; 12], child: &Key) -> Vec<u8> {
    wrap_at(parent, &node.path(), version, nonce, child)
}

/// Opens what [`wrap`] made.
pub fn unwrap(parent: &Key, node: &Node, version: u32, wrapped: &[u8]) -> Result<Key, CannotOpen> {
    unwrap_at(parent, &node.path(), version, wrapped)
}

/// Wraps the root under the operator's key: one derived from the passphrase, or held by a KMS.
pub fn wrap_root(operator: &Key, version: u32, nonce: [u8; 12], root: &Key) -> Vec<u8> {
    wrap_at(operator, ROOT_PATH, version, nonce, root)
}

/// Opens what [`wrap_root`] made. Failing here is what a wrong passphrase looks like.
pub fn unwrap_root(operator: &Key, version: u32, wrapped: &[u8]) -> Result<Key, CannotOpen> {
    unwrap_at(operator, ROOT_PATH, version, wrapped)
}

fn wrap_at(parent: &Key, path: &str, version: u32, nonce: [u8; 12], child: &Key) -> Vec<u8> {
    let mut wrapped = Vec::with_capacity(WRAPPED_BYTES);
    wrapped.push(FORMAT);
    let associated = associated_data(path, version);
    aead::seal_onto(&mut wrapped, &aead::prepare(parent), nonce, &associated, child.expose());
    wrapped
}

fn unwrap_at(parent: &Key, path: &str, version: u32, wrapped: &[u8]) -> Result<Key, CannotOpen> {
    let sealed = match wrapped.split_first() {
        Some((&FORMAT, sealed)) if wrapped.len() == WRAPPED_BYTES => sealed,
        _ => return Err(CannotOpen),
    };
    let opened = Zeroizing::new(aead::open(&aead::prepare(parent), &associated_data(path, version), sealed)?);
    opened.first_chunk().map(|bytes| Key::from_bytes(*bytes)).ok_or(CannotOpen)
}

/// `0x02 | version u32 | path`: the path comes last, so it needs no length.
fn associated_data(path: &str, version: u32) -> Vec<u8> {
    [&[FORMAT][..], &version.to_be_bytes(), path.as_bytes()].concat()
}

fn tenant_path(tenant: &[u8; 16]) -> String {
    format!("tenant/{:032x}", u128::from_be_bytes(*tenant))
}

fn service_path(tenant: &[u8; 16], name: &str) -> String {
    let mut path = tenant_path(tenant) + "/service/";
    for byte in name.bytes() {
        if is_name_byte(byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02x}"));
        }
    }
    path
}

fn parse_tenant(text: &str) -> Result<[u8; 16], NotANode> {
    let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 32 || !text.bytes().all(lower_hex) {
        return Err(NotANode);
    }
    u128::from_str_radix(text, 16).map(u128::to_be_bytes).map_err(|_| NotANode)
}

fn parse_name(text: &str) -> Result<String, NotANode> {
    let starts = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
    if !starts || text.len() > 31 || !text.bytes().all(is_name_byte) {
        return Err(NotANode);
    }
    Ok(text.to_owned())
}

fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Node> {
        let (tenant, crm) = ([0x1f; 16], || "crm".to_owned());
        vec![
            Node::PlatformDirectory,
            Node::PlatformIndex,
            Node::Tenant(tenant),
            Node::TenantLog(tenant),
            Node::TenantDirectory(tenant),
            Node::Service(tenant, crm()),
            Node::ServiceData(tenant, crm()),
            Node::ServiceIndex(tenant, crm()),
            Node::PlatformCheckpoint,
            Node::TenantCheckpoint(tenant),
            Node::PlatformBackup,
        ]
    }

    #[test]
    fn a_path_of_no_node_is_refused() {
        let hex = "1f".repeat(16);
        for path in [
            "",
            "/",
            "root",
            "platform",
            "tenant",
            "tenant/",
            "platform/directory/",
            &format!("tenant/{}", hex.to_uppercase()),
            &format!("tenant/{hex}0"),
            &format!("tenant/+{}", &hex[1..]),
            &format!("tenant/{hex}/service"),
            &format!("tenant/{hex}/service/"),
            &format!("tenant/{hex}/service/.."),
            &format!("tenant/{hex}/service/CRM/data"),
            &format!("tenant/{hex}/service/1crm"),
            &format!("tenant/{hex}/service/{}", "a".repeat(32)),
            &format!("tenant/{hex}/service/crm/log"),
        ] {
            assert_eq!(Node::parse(path), Err(NotANode), "{path}");
        }
    }

    #[test]
    fn a_service_name_cannot_leave_its_tenants_folder() {
        let climbing = Node::Service([0; 16], "../../x/%é".to_owned()).path();
        assert!(climbing.ends_with("/service/%2e%2e%2f%2e%2e%2fx%2f%25%c3%a9"));
    }

    #[test]
    fn every_node_is_read_back_from_its_path() {
        for node in all() {
            assert_eq!(Node::parse(&node.path()), Ok(node));
        }
    }

    #[test]
    fn every_node_ends_at_the_root_through_its_contract() {
        let chain = |node: &Node| {
            std::iter::successors(node.parent(), Node::parent).map(|node| node.path()).collect::<Vec<_>>()
        };
        let tenant = format!("tenant/{}", "1f".repeat(16));
        assert_eq!(chain(&all()[6]), [format!("{tenant}/service/crm"), tenant.clone()]);
        assert_eq!(chain(&all()[3]), [tenant]);
        assert!(chain(&Node::PlatformIndex).is_empty());
    }

    #[test]
    fn a_wrapped_key_opens_only_as_its_node_its_version_and_under_its_parent() {
        let (parent, child) = (Key::from_bytes([1; 32]), Key::from_bytes([2; 32]));
        for node in all() {
            let wrapped = wrap(&parent, &node, 7, [3; 12], &child);
            assert_eq!(wrapped.len(), WRAPPED_BYTES);
            assert!(unwrap(&parent, &node, 7, &wrapped).is_ok_and(|key| key.ct_eq(&child)));
            assert!(unwrap(&parent, &node, 8, &wrapped).is_err());
            assert!(unwrap(&child, &node, 7, &wrapped).is_err());
            assert!(unwrap_root(&parent, 7, &wrapped).is_err());
            let others = all().into_iter().filter(|other| *other != node);
            assert!(others.into_iter().all(|other| unwrap(&parent, &other, 7, &wrapped).is_err()));
        }
    }

    #[test]
    fn a_root_does_not_open_with_another_passphrases_key() {
        let (operator, root) = (Key::from_bytes([1; 32]), Key::from_bytes([2; 32]));
        let wrapped = wrap_root(&operator, 1, [3; 12], &root);
        assert!(unwrap_root(&root, 1, &wrapped).is_err());
        assert!(unwrap_root(&operator, 1, &wrapped).is_ok_and(|key| key.ct_eq(&root)));
    }
}
