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
activity-filter = Filter of your activity
activity-kind = Kind
activity-kind-signin = Sign-ins
activity-kind-change = Records made, changed, deleted
activity-kind-reading = Personal data shown, extractions
activity-kind-rights = Account and rights
activity-kind-refused = What was refused
activity-bad-kind = Choose “Kind” from the list.
activity-wrong = Your activity was not read, since there are conditions that can't be used
activity-not-read = Your activity was not read
activity-extract = Extract your activity
activity-extract-title = Extract your activity
activity-extract-all = All of your activity
activity-extract-logged = Time and your name are entered in the audit log before the file leaves.
activity-whole-history = History page
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
activity-field-free_rows = Rows a day without comparison
activity-field-max_rows = Rows a day at most
activity-field-peer = Receiver
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
activity-session-revoked = Signed out devices of { $user }
activity-session-revoked-me = Devices of yours were signed out
activity-user-recovery-asked = A new password was asked for { $user }
activity-user-recovery-asked-me = A new password was asked for you
activity-user-recovered = A new password was set for { $user } by mail
activity-user-recovered-me = Your password was replaced by mail
activity-user-disowned = { $user } said that a sign-in was not theirs
activity-user-disowned-me = You said that a sign-in was not yours
activity-user-unfrozen = Let { $user } extract and change rights again
activity-user-unfrozen-me = You may extract and change rights again
activity-user-address-asked = Asked for another e-mail address
activity-user-address-confirmed = One address confirmed another e-mail address for { $user }
activity-user-address-confirmed-me = One address confirmed your other e-mail address
activity-user-address-changed = The e-mail address of { $user } was changed
activity-user-address-changed-me = Your e-mail address was changed
activity-new-device = New device
activity-throttled = Too many tries; no more for a while
activity-one-session = One device
activity-all-sessions = All at once
activity-frozen = Extraction and changes of rights are stopped
activity-role-created = Made the role “{ $name }”
activity-role-changed = Renamed a role to “{ $name }”
activity-role-deleted = Deleted the role “{ $name }”
activity-access-changed = Changed access to “{ $screen }”
activity-audit-heartbeat = STRUCT confirmed that this log is being kept
activity-audit-certified = Downloaded the certificate of an audit log entry
activity-audit-retention-changed = Changed how long the audit log is kept
activity-audit-pruned = Entries past their retention period were removed
activity-audit-restored = The database was restored from a backup after a disaster; entries after that moment were lost
activity-audit-stream-added = Added a receiver of the audit log
activity-audit-stream-removed = Removed a receiver of the audit log
activity-audit-stream-paused = Paused a stream of the audit log
activity-audit-stream-resumed = Resumed a stream of the audit log
activity-audit-stream-tested = Sent a test to a receiver of the audit log
activity-audit-viewed = Viewed the audit log
activity-audit-extracted = Extracted the audit log
activity-audit-token-created = Made a token for reading the tamper-evident log
activity-audit-token-revoked = Revoked a token for reading the tamper-evident log
activity-audit-log-read = The tamper-evident log was read from outside (first time that day)
activity-audit-log-downloaded = Downloaded the whole tamper-evident log
activity-audit-log-checked = Started a check of the whole tamper-evident log
activity-audit-mail-changed = Changed who gets checkpoints by mail
activity-activity-extracted = Extracted their own activity
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
activity-extraction-held = Your extraction of { $entity } was held
activity-extraction-released = You released an extraction of { $user }
activity-extraction-released-me = Your extraction was released
activity-extraction-released-denied = You were refused to release your own extraction
activity-extraction-refused = You refused an extraction of { $user }
activity-extraction-refused-me = Your extraction was refused
activity-extraction-refused-denied = You were refused to decide on your own extraction
activity-limit-changed = The limits of extraction of the role “{ $name }” were changed
activity-limit-changed-page = You were refused to raise the limits of extraction of your own role “{ $name }”
activity-sign-raised = A sign of fraud was seen in acts of { $user }
activity-sign-raised-me = Your acts met a rule for signs of fraud
activity-sign-closed = A sign about { $user } was closed
activity-sign-closed-me = A sign about you was closed
activity-sign-closed-page = You were refused to close a sign about yourself
activity-honey-set = A record of { $entity } was planted
activity-honey-removed = A planted record of { $entity } was made ordinary
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
verb-session-revoked = Other devices signed out
verb-user-recovery-asked = New password asked for
verb-user-recovered = New password set
verb-user-disowned = Sign-in disowned
verb-user-unfrozen = Stop of extraction and rights lifted
verb-user-address-asked = Other e-mail address asked for
verb-user-address-confirmed = Other e-mail address confirmed
verb-user-address-changed = E-mail address changed
verb-role-created = Role made
verb-role-changed = Role renamed
verb-role-deleted = Role deleted
verb-access-changed = Change of access
verb-audit-heartbeat = Log heartbeat
verb-audit-certified = Certificate downloaded
verb-audit-retention-changed = Retention period changed
verb-audit-pruned = Old entries removed
verb-audit-restored = Restored from a backup (end of the log lost)
verb-audit-stream-added = Audit log receiver added
verb-audit-stream-removed = Audit log receiver removed
verb-audit-stream-paused = Audit log stream paused
verb-audit-stream-resumed = Audit log stream resumed
verb-audit-stream-tested = Audit log stream tested
verb-audit-viewed = Audit log viewed
verb-audit-extracted = Audit log extracted
verb-audit-token-created = Token of the log made
verb-audit-token-revoked = Token of the log revoked
verb-audit-log-read = Log read from outside
verb-audit-log-downloaded = Whole log downloaded
verb-audit-log-checked = Whole log checked
verb-audit-mail-changed = Addresses for checkpoints changed
verb-activity-extracted = Own activity extracted
verb-record-created = Record created
verb-record-updated = Record changed
verb-record-deleted = Record deleted
verb-record-revealed = Personal data shown
verb-record-conflicted = Change that met another
verb-record-not-found = Request for what does not exist
verb-records-delivered = Extraction completed
verb-records-extracted = Extraction
verb-extraction-held = Extraction held
verb-extraction-released = Held extraction released
verb-extraction-refused = Held extraction refused
verb-limit-changed = Limits of extraction changed
verb-sign-raised = Sign of fraud
verb-sign-closed = Sign of fraud closed
verb-honey-set = Record planted
verb-honey-removed = Planted record made ordinary
verb-import-started = Import started
verb-import-completed = Import completed
verb-import-failed = Import given up
verb-access-denied = Refused for want of rights
verb-tenant-created = Company registered
verb-contract-started = Contract begun
verb-service-upgraded = Service upgraded
