# Activity (a member's own trail), and the sentences that tell an entry there and in the audit log.
activity-title = Activity
activity-lede = What you did, and what happened to your account. If there is something you don't recognise, tell an administrator of your company.
activity-kept = Neither you nor an administrator can change or remove these entries.
activity-today = today
activity-yesterday = yesterday
activity-shown =
    { $count ->
        [one] { $count } entry shown
       *[other] { $count } entries shown
    }
activity-none = There is no entry yet
activity-none-what = Signing in and viewing, creating, changing or extracting records appears here.
activity-none-more = There are no further entries
activity-newest = Show the newest entries
activity-refused-heading =
    { $count ->
        [one] A sign-in with your e-mail address was refused in the last 7 days
       *[other] { $count } sign-ins with your e-mail address were refused in the last 7 days
    }
activity-refused-what = Unless you mistyped your password yourself, somebody is trying passwords. Tell an administrator of your company. The list below has the time and where it came from.
activity-denied = Refused
activity-open-record = Open { $title }
activity-device = { $browser } on { $system }
activity-separator = {" · "}
activity-comma = {", "}
activity-empty = (empty)
activity-is-true = granted
activity-is-false = none
activity-change = { $field }: { $before } → { $after }
activity-change-new = { $field }: { $after }
activity-rows =
    { $count ->
        [one] { $count } record
       *[other] { $count } records
    }
activity-rows-refused =
    { $count ->
        [one] { $count } row refused
       *[other] { $count } rows refused
    }
activity-fields =
    { $count ->
        [one] { $count } field
       *[other] { $count } fields
    }
activity-version = version { $count }
activity-gate = Missing: { $gate }
activity-reason = Reason: “{ $reason }”
activity-as-proposed = Screens set as the service proposes
activity-by-import = By import
activity-equals = { $field } = { $value }
activity-contains = { $field } contains “{ $value }”
activity-at-least = { $field } from { $value }
activity-at-most = { $field } up to { $value }
activity-actor-operator = Operator of STRUCT
activity-actor-system = STRUCT (automatic)
activity-actor-anyone = Somebody not signed in
activity-administrator = Administrator of your company
activity-some-record = record
activity-some-screen = a screen
activity-some-service = service
activity-some-user = a user
activity-field-administrator = Administrator's rights
activity-field-roles = Roles
activity-field-billing_types = Billing user types
activity-field-usable = Usable
activity-field-root = Root function
activity-field-permission = Permission setting
activity-field-name = Name
activity-field-role = Role “{ $name }”
# A sentence a verb. -me: done to the reader by others; -denied: refused.
activity-session-started = Signed in
activity-session-refused = Refused a sign-in with the address of { $user }
activity-session-refused-me = A sign-in with your e-mail address was refused
activity-session-ended = Signed out
activity-user-invited = Invited { $user }
activity-user-invited-me = You were invited
activity-user-joined = Took up the invitation and set a password
activity-user-changed = Changed the rights of { $user }
activity-user-changed-me = Your rights were changed
activity-user-disabled = Stopped the use of { $user }
activity-user-disabled-me = Your use was stopped
activity-user-enabled = Resumed the use of { $user }
activity-user-enabled-me = Your use was resumed
activity-role-created = Made the role “{ $name }”
activity-role-changed = Renamed a role to “{ $name }”
activity-role-deleted = Deleted the role “{ $name }”
activity-access-changed = Changed access to “{ $screen }”
activity-audit-heartbeat = STRUCT confirmed that this log is being kept
activity-audit-certified = Downloaded the certificate of an audit log entry
activity-audit-retention-changed = Changed how long the audit log is kept
activity-audit-pruned = Entries past their retention period were removed
activity-audit-viewed = Viewed the audit log
activity-record-created = Created: { $entity }
activity-record-created-denied = Tried to create, and was refused: { $entity }
activity-record-updated = Changed: { $entity }
activity-record-updated-denied = Tried to change, and was refused: { $entity }
activity-record-deleted = Deleted: { $entity }
activity-record-deleted-denied = Tried to delete, and was refused: { $entity }
activity-record-revealed = Showed personal data: { $entity }
activity-record-revealed-denied = Tried to show personal data, and was refused: { $entity }
activity-record-conflicted = A change met somebody else's change: { $entity }
activity-record-not-found = Tried to open what does not exist: { $entity }
activity-records-delivered = Received the whole file of an extraction
activity-records-extracted = Extracted: { $entity }
activity-records-extracted-denied = Tried to extract, and was refused: { $entity }
activity-import-started = Started an import: { $entity }
activity-import-completed = Completed an import: { $entity }
activity-import-failed = Gave up an import: { $entity }
activity-access-denied = Refused on “{ $screen }” for want of rights
activity-access-denied-page = Tried to open the administrators' screen “{ $page }”, and was refused
activity-tenant-created = The company was registered in STRUCT
activity-contract-started = The contract for the service “{ $service }” began
activity-service-upgraded = The service “{ $service }” was upgraded
# Names in the filter.
verb-session-started = Sign-in
verb-session-refused = Refused sign-in
verb-session-ended = Sign-out
verb-user-invited = Invitation of a user
verb-user-joined = Invitation taken up
verb-user-changed = Change of a user's rights
verb-user-disabled = Use stopped
verb-user-enabled = Use resumed
verb-role-created = Role made
verb-role-changed = Role renamed
verb-role-deleted = Role deleted
verb-access-changed = Change of access
verb-audit-heartbeat = Log heartbeat
verb-audit-certified = Certificate downloaded
verb-audit-retention-changed = Retention period changed
verb-audit-pruned = Old entries removed
verb-audit-viewed = Audit log viewed
verb-record-created = Record created
verb-record-updated = Record changed
verb-record-deleted = Record deleted
verb-record-revealed = Personal data shown
verb-record-conflicted = Change that met another
verb-record-not-found = Request for what does not exist
verb-records-delivered = Extraction completed
verb-records-extracted = Extraction
verb-import-started = Import started
verb-import-completed = Import completed
verb-import-failed = Import given up
verb-access-denied = Refused for want of rights
verb-tenant-created = Company registered
verb-contract-started = Contract begun
verb-service-upgraded = Service upgraded
