# Access: the matrix of roles, screens and actions, and the four settings of each screen.
access-title = Access
access-lede = For each screen: whether it can be used, and who may do what. What is saved holds from the next request on.
access-services = Services
access-screen = Screen
access-item = Setting
access-usable = Usable
access-root = Root function
access-billing = Billing user types
access-permission = Permission kind
access-usable-of = Make { $screen } usable
access-root-of = Make { $screen } a root function
access-permission-of = { $screen }: permission kind
access-root-never = never a root function
access-granted = Rights of { $role }
access-members = { $count ->
    [one] { $count } member
   *[other] { $count } members
}
access-personal = {" "}personal fields
access-region = Table of screens and roles; scrolls sideways and down
access-caption = { $service }: settings of each screen, and rights of each role
access-comma = ,{" "}
access-colon = :{" "}
access-and = ,{" "}
access-no-action = none
access-no-type = none
access-on = on
access-off = off
access-was = was: { $value }
permission-none = Everyone
permission-per_role = By role
permission-administrators = Administrators only
billing-standard = Standard
billing-light = Light
access-part = Part of the table
access-role = Role
access-entity = Records
access-all = All
access-show = Show
access-show-all = Show all
access-legend-personal = personal fields
access-legend-kind = Rights of roles count where the permission kind is “By role”. “Everyone” opens it to all who hold one of its billing user types, “Administrators only” to administrators who do.
access-legend-root = Root functions stand in the menu. Detail screens open from a record, so they never do.
access-legend-view = look only
access-legend-change = create, change, delete
access-legend-extract = take out as a file
access-legend-was = not saved yet
access-reason = Reason for the change
access-reason-hint = Entered in the audit log. Write no personal data here.
access-reason-missing = The reason is empty. Say why, for whoever reads the log later (e.g. “Sales moved to another team”).
access-reason-long = A reason has up to { $max } characters; this one has { $found }. Shorten it.
access-refused = Not saved yet. Mend this field
access-save = Save changes
access-drop = Drop changes
access-changed = Changes not saved: { $count }
access-changed-script = Changes not saved: {"{"}n{"}"}
access-conflict = Somebody else changed access while you had it open
access-conflict-what = Nothing has been saved yet. Your changes stand in the table below, on top of what is there now. Look them over, then save again.
access-lost = { $count ->
    [one] One role of the page has been deleted since. Changes to it can't be kept.
   *[other] { $count } roles of the page have been deleted since. Changes to them can't be kept.
}
access-theirs = What others changed
access-opened = When opened
access-now = Now
access-after = After saving
access-clash = both changed
access-no-roles = There is no role yet
access-no-roles-what = Screens set to “By role” are open to nobody until a role is given rights.
access-none = No service is under contract
access-none-what = Once a service is contracted, its screens and rights are set here.
access-proposed = Use the manifest's proposed settings
access-proposed-title = The manifest's proposed settings
access-proposed-ask = { $count ->
    [one] Change { $count } screen of { $service } to the proposed settings?
   *[other] Change { $count } screens of { $service } to the proposed settings?
}
access-proposed-what = Only the four settings change, as follows. Rights of roles stay.
access-proposed-lines = Settings that change
access-proposed-value = Proposed
access-proposed-logged = The time and your name are entered in the audit log, screen by screen.
access-proposed-do = Take the proposed settings
access-proposed-none = { $service } is set as proposed
access-proposed-none-what = No setting would change.
access-back = Back to access
done-access_saved = Access saved. It holds from the next request on.
done-access_proposed = Proposed settings taken. They hold from the next request on.
