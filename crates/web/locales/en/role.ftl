# Roles: list, new one, renaming, deletion. What they grant is set in the access matrix.
role-title = Roles
role-lede = Give roles to users; for each role, set what it may do on which screen.
role-name = Name of the role
role-new-name = Name of the new role
role-hint = Up to 60 characters. Name the work it stands for (e.g. Sales, Accounting, Read only).
role-create = Create role
role-members = Members
role-actions = Actions
role-rights = Rights
role-rename = Rename
role-of = {" "}of { $role }
role-count = { $count ->
    [one] { $count } role
   *[other] { $count } roles
}
role-none = No role yet
role-none-what = Create one, give it rights in the access matrix, then give it to users.
role-logged = Creating, renaming and deleting roles is entered in the audit log.
role-manage = Create a role
role-refused = Not saved yet. Mend this field
role-taken = There is a role of this name already. Type another name.
role-too-many = There can be { $max } roles. Delete one that is not used, then try again.
role-rename-title = Rename role
role-rename-hint = It is called “{ $role }” now. Up to 60 characters.
role-rename-note = { $count ->
    [one] The rights of the { $count } member who holds it stay as they are.
   *[other] The rights of the { $count } members who hold it stay as they are.
}
role-delete-title = Delete role
role-delete-what = Members holding it: { $members }. Screens on which it has rights: { $screens }. What only this role opened is closed to them from the next request on. It can't be brought back.
role-delete-logged = The time and your name are entered in the audit log.
role-delete-do = Delete role
done-role_created = Role created. Give it rights in the access matrix.
done-role_renamed = Role renamed.
done-role_deleted = Role deleted.
