# The page of non-functional requirements: states, targets, figures, methods, history, evidence.
claim-title = Non-functional requirements
claim-lede = What STRUCT promises, what is measured now, and the proof, in one row. What is not measured is never called met, and a measurement past its time goes back to not verified. States follow from measurements alone; nobody can write one.
claim-met = Met
claim-at_risk = At risk
claim-missed = Missed
claim-unverified = Not verified
claim-read-at = Measurements read
claim-unread = Measurements have not been read yet
claim-renewed = Renewed every minute
claim-stale-title = The newest measurements could not be read
claim-stale-what = The database can't be reached, so the measurements that were read last are shown. They get older with time, and past their limit they turn to "not verified".
claim-feed = Follow changes of state (Atom)
claim-json = Get JSON
claim-log = Log of the evidence
claim-attention = { $count ->
    [one] { $count } promise is missed or needs attention
   *[other] { $count } promises are missed or need attention
}
claim-unchecked-title = { $count ->
    [one] { $count } promise is not measured yet
   *[other] { $count } promises are not measured yet
}
claim-unchecked-what = They stay "not verified" until there is a way to measure them.
claim-all-met = Every promise that is measured is met.
claim-contents = Contents of this page
claim-group-users = Users and authentication
claim-group-users-what = Who gets in, and who did what.
claim-group-operation = Operation of the infrastructure
claim-group-operation-what = How far back we get, whatever happens; how data is guarded and erased.
claim-group-safety = Work on safety
claim-group-safety-what = Who prepares, and who checks.
claim-group-uptime = Uptime
claim-group-uptime-what = How much it really ran.
claim-group-slo = SLO
claim-group-slo-what = Targets that are set and operated by.
claim-group-support = Support
claim-group-support-what = When you get an answer.
claim-group-table = Promises and figures: { $group }
claim-group-met = { $met }/{ $all } met
claim-promise = Promise
claim-state = State
claim-figure = Figure and target
claim-measured = Measured
claim-proof = Proof
claim-evidence = Evidence
claim-method = Method
claim-target = Target: { $target }
claim-no-figure = No figure
claim-never = Never measured
claim-why-unchecked = Nothing measures this yet, so it can't be called met.
claim-why-none = There is a way to measure this, but nothing has been measured yet.
claim-why-stale = The last measurement is { $age } old, beyond the limit of { $limit }. Its result is no ground any more.
claim-why-late = The last measurement is { $age } old, later than the planned { $expected }. Beyond { $limit } the state turns to "not verified".
claim-why-check = { $check }: { $why }
claim-others = Other measurements
claim-ago-now = just now
claim-ago = { $age } ago
claim-ago-ahead = clocks differ
claim-vitals = State of the main promises
claim-vital-uptime = Uptime
claim-vital-backup = Backups
claim-vital-log = Log check
claim-vitals-link = Non-functional requirements
claim-checks = Measurements
claim-checks-what = The promise is met only while all of these are. The worst of them is the state of the promise.
claim-check = What is measured
claim-check-method = Method
claim-check-tool = Measured with
claim-check-window = Period measured
claim-check-fresh = Measured again within { $expected }; beyond { $limit } it turns to "not verified".
claim-check-host = Server { $host }
claim-history = History of 12 months
claim-history-what = Each day shows its worst state. Time without measurements is "not verified" and never counts as met.
claim-history-label = { $month }: met { $met }, at risk { $at_risk }, missed { $missed }, not verified { $unverified }
claim-history-table = View as a table
claim-history-month = Month
claim-history-share = Share met
claim-history-none = No data
claim-history-away = The history can't be read now. Open this page again in a while.
claim-changes = Changes of state
claim-changes-what = Up to { $count } of the last 12 months, newest first.
claim-changes-none = Nothing was measured in these 12 months.
claim-change-from = From
claim-change-until = Until
claim-change-length = Length
claim-change-now = now
claim-rows = Evidence
claim-rows-what = Each measurement is kept, and stands in the platform's tamper-evident log too. Nobody can change it later.
claim-rows-none = Nothing has been measured yet.
claim-rows-away = The evidence can't be read now. Open this page again in a while.
claim-row-at = Measured
claim-row-open = Open the evidence
claim-badge = Badge
claim-badge-what = Shows the present state on a page of your own.
evidence-title = Evidence { $promise }
evidence-what = The record of one measurement. It stands in the platform's log just as it is here.
evidence-id = Evidence id
evidence-verdict = Verdict
evidence-held = As promised
evidence-at_risk = As promised (at risk)
evidence-broken = Not as promised
evidence-found = Result
evidence-why = Reasons
evidence-until = End of the measurement
evidence-method-raw = Method as the evidence has it
evidence-raw = Raw data
evidence-raw-what = What the figure was made of. Its SHA-256 is the one in the certificate.
evidence-raw-none = No raw data was kept with this measurement. The figure is all there is.
evidence-raw-save = Download the raw data (JSON)
evidence-prove = Check that nothing was altered
evidence-prove-what = The certificate lets you check, without believing STRUCT, that this evidence stands in the platform's log.
evidence-prove-do = Download the certificate
evidence-prove-how = How to check
evidence-prove-key = Use the public key of the platform's log that you got by another way than this site, with your contract for instance.
evidence-prove-keys = Look at the public keys
evidence-soon = A certificate can be had a few seconds after the measurement.
feed-title = STRUCT: changes of promises
feed-entry = { $promise }: { $state }
feed-entry-from = Turned from "{ $before }" to "{ $after }".
feed-entry-first = Measured for the first time: "{ $after }".
target-always = no exception
target-newest-age = within { $age }
target-review = at least once a year (within { $days } days)
target-review-days = within { $days } days
target-share = at least { $share } %
target-yearly-hours = at most { $hours } hours a year
target-notice = { $days } days ahead
target-reply = within { $days } business days
target-monthly = published every month
span-less = less than 1 s
span-s = { $count } s
span-min = { $count } min
span-h = { $count } h
span-d = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
check-schedule = Interval of backups
check-repository = Content of the repository
check-restore = Restore drill
check-archive = Archive of the log
check-sinks = Where data goes
check-listeners = Listeners
check-connections = Connections inside
check-page = This page
check-log = Check of the log
finding-unworded = { $code }: { $args }
finding-as_written = { $text }
finding-log_whole = all { $leaves } entries fit ({ $logs } { $logs ->
    [one] log
   *[other] logs
})
finding-log_faults = { $faults } { $faults ->
    [one] mismatch
   *[other] mismatches
}
finding-log_fault = { $text }
finding-sinks_all = all { $sinks } places data can go are in { $allowed } ({ $connections } connections seen within the hour)
finding-sinks_all_demo = all { $sinks } places data can go are in { $allowed } ({ $connections } connections seen within the hour; the region is the demo's assumption)
finding-sinks_faulty = { $faults } of { $sinks } places data can go are not certain
finding-machine_undeclared = The operator has not said yet in which region this server is (region of [residency]).
finding-machine_outside = This server is in { $region }. Data may be in { $allowed }.
finding-sink_undeclared = { $purpose ->
    [database] The database
    [backup] The backups' repository
    [keyring] The place of the keys
    [checkpoints] The copies of checkpoints
    [mail] Mail
    [witness] A witness
    [stream] A receiver of audit logs
    [telemetry] Telemetry
    [names] The name server
   *[other] Another place
    } ({ $address }): nobody says in which region it is.
finding-sink_outside = { $purpose ->
    [database] The database
    [backup] The backups' repository
    [keyring] The place of the keys
    [checkpoints] The copies of checkpoints
    [mail] Mail
    [witness] A witness
    [stream] A receiver of audit logs
    [telemetry] Telemetry
    [names] The name server
   *[other] Another place
    } ({ $address }) is in { $region }. Data may be in { $allowed }.
finding-sink_contradicted = { $purpose ->
    [database] The database
    [backup] The backups' repository
    [keyring] The place of the keys
    [checkpoints] The copies of checkpoints
    [mail] Mail
    [witness] A witness
    [stream] A receiver of audit logs
    [telemetry] Telemetry
    [names] The name server
   *[other] Another place
    } ({ $address }) is declared to be in { $region }, but the service itself says "{ $told }".
finding-streams_undeclared = Receivers of audit logs of which nobody says in which region they are: { $streams }.
finding-streams_outside = Receivers of audit logs outside { $allowed }, where data may be: { $streams }.
finding-connection_unknown = A connection led to no declared place: { $address } ({ $protocol })
finding-processes_unreadable = Processes whose connections can't be seen: { $processes }.
finding-listeners_all = all { $listeners } listeners as promised: { $tls } speak { $version } or newer, { $plain_here ->
    [0] none
   *[other] { $plain_here }
    } without TLS inside the server; the certificate lasts { $left_s } more
finding-listeners_here = all { $listeners } listeners are reached from inside the server only
finding-listeners_faulty = { $faults } faults at { $listeners } listeners
finding-listeners_none = Nothing waits for connections, so nobody can reach this server.
finding-listener_plain = At { $address } ({ $program }), { $question } was answered without TLS (HTTP { $status }).
finding-listener_other = At { $address } ({ $program }), other machines can connect without TLS: { $text }
finding-listener_silent = { $address } ({ $program }) could not be tried: { $text }
finding-listeners_untried = { $listeners } listeners were too many to be tried.
finding-tls_old = { $address } accepts old versions: { $versions }.
finding-tls_not_newest = { $address } speaks { $version }, not TLS 1.3.
finding-certificate_expired = The certificate at { $address } ended on { $ended_at }.
finding-certificate_ends = The certificate at { $address } ends in { $left_s }.
finding-certificate_early = The certificate at { $address } begins only on { $begins_at }.
finding-certificate_name = The certificate at { $address } is not for { $host }, but for: { $names }.
finding-certificate_untrusted = Nobody trusted stands behind the certificate at { $address }, signed by { $issuer }: { $text }
finding-hsts_missing = The answer of { $address } to { $question } does not tell browsers to come by HTTPS alone (Strict-Transport-Security).
finding-hsts_short = The answer of { $address } to { $question } tells browsers to come by HTTPS alone for { $age_s } only; a year is needed.
finding-headers_missing = The answer of { $address } to { $question } lacks headers: { $headers }.
finding-connections_all = all under cover: { $database } connections to the database ({ $database_network } over a network), { $open } open to other machines, { $sinks } places outside
finding-connections_faulty = { $faults } faults among { $database } connections to the database and { $sinks } places outside
finding-database_plain = { $connections } connections to the database as { $role } go over a network without TLS.
finding-database_old = { $connections } connections to the database as { $role } go over { $version }.
finding-database_unseen = PostgreSQL does not show how STRUCT is connected to it (pg_stat_ssl).
finding-sink_plain = { $purpose ->
    [database] The database
    [backup] The backups' repository
    [mail] Mail
    [witness] A witness
    [stream] A receiver of audit logs
    [telemetry] Telemetry
   *[other] Another place
    } ({ $address }) is reached without TLS.
finding-sink_mounted = { $purpose ->
    [database] The database
    [keyring] The keys
    [checkpoints] The copies of checkpoints
    [mail] Mail
   *[other] A folder
    } is on another machine's disks ({ $address }), and nobody sees whether the way there is encrypted.
finding-connection_unproven = A connection is open to { $address }, and nothing tells that it is encrypted.
finding-claims_shown = as measured ({ $promises } promises, { $fresh } freshly measured)
finding-claims_wrong = { $faults } shown wrongly
finding-page_unreachable = The page can't be had: { $text }
finding-page_status = The page answered with HTTP { $status }.
finding-page_unreadable = The page can't be read: { $text }
finding-page_lags = The measurements shown were read { $age_s } ago, which is too long.
finding-promise_not_shown = The promise { $promise } is not shown.
finding-promise_unknown = { $promise } is shown, which is no promise.
finding-state_differs = { $promise } should be "{ $found }", but is shown as "{ $shown }".
finding-stale_shown_met = { $promise } is shown as met by a measurement that is too old.
finding-restored = restored to { $target_at } in { $rto_s } ({ $rpo_ms } ms would be lost; { $tenants } tenants, { $records } records, { $logs } logs)
finding-not_restored = { $target_at } could not be restored
finding-drill_restored = In the restore drill, nothing could be brought back from the repository: { $said }
finding-drill_started = In the restore drill, the restored database did not start: { $said }
finding-drill_recovered = In the restore drill, it could not be seen how far the database reaches: { $said }
finding-drill_signed_in = In the restore drill, nobody could sign in: { $said }
finding-drill_page = In the restore drill, no page was served: { $said }
finding-drill_indexes = In the restore drill, indexes or tables were broken ({ $faults }): { $said }
finding-drill_references = In the restore drill, references led nowhere or values stood twice ({ $faults }): { $said }
finding-drill_records = In the restore drill, counts of records did not fit the log ({ $faults }): { $said }
finding-drill_opened = In the restore drill, records did not open with the keys: { $said }
finding-drill_logs = In the restore drill, logs did not fit the checkpoints that were published ({ $faults }): { $said }
finding-drill_checksums = In the restore drill, pages were damaged: { $said }
finding-drill_cut_off = The restore drill did not come to its end.
finding-drill_no_room = There is too little room for a restore drill: { $said }
finding-log_restored = By a restore after a disaster, { $log } has { $restored } of the { $published } entries that were published ({ $restored_at }). The logs say so themselves.
finding-backups_off = backups are switched off ({ $said })
finding-newest_backup = the newest backup is { $age_s } old ({ $kind ->
    [full] full
   *[differential] differential
    }); { $backups } in the repository
finding-no_backup = There is no backup yet.
finding-backup_late = The newest backup is { $age_s } old; it should never be older than { $limit_s }.
finding-full_late = The newest full backup is { $age_s } old; one is due every { $limit_s }.
finding-backup_fails = Backups failed { $failures } { $failures ->
    [one] time
   *[other] times
    } in a row, last at { $last_at }: { $said }
finding-gap_before = There was no backup for { $gap_s }, from { $from_at } to { $until_at }.
finding-clock_back = The newest record is { $ahead_s } in the future: the clock was wrong, or was set back.
finding-repository_unreachable = The repository of backups can't be used (since { $for_s }): { $said }
finding-wrong_key = The repository of backups does not open with this key: { $said }
finding-other_cluster = The repository holds the backups of another database: { $said }
finding-newest_wal = the newest log in the repository is { $age_s } old, { $gaps } missing; at most { $rpo_s } would be lost now
finding-no_wal = No log has arrived in the repository yet.
finding-wal_late = The newest log in the repository is { $age_s } old; it should never be older than { $limit_s }.
finding-wal_gap = { $missing } { $missing ->
    [one] piece
   *[other] pieces
    } of the log since the newest backup are missing ({ $first } to { $last }). Until the next backup, no later moment can be had back.
finding-wal_gap_before = { $missing } { $missing ->
    [one] piece
   *[other] pieces
    } of the log before the newest backup are missing. Moments in between can't be had back.
finding-archiving_off = The database is set not to send its log to the repository (archive_mode).
finding-archive_command_changed = The command by which the database sends its log is not STRUCT's (archive_command).
finding-archiving_fails = The log can't be sent to the repository: last failure at { $last_at }, { $name }, { $failed } so far.
finding-repository_verified = repository of { $size_bytes }; { $read_bytes } read again { $verified_age_s } ago, { $faults } { $faults ->
    [one] fault
   *[other] faults
    }
finding-repository_unread = repository of { $size_bytes }, not read again yet
finding-not_encrypted = The repository is not encrypted as promised (cipher: { $cipher }).
finding-not_verified = The repository has not been read again yet.
finding-verify_fails = The repository can't be read again: { $said }
finding-verified_long_ago = The repository was last read again { $age_s } ago.
finding-repository_full = The repository has no room: { $free_bytes } left, { $needed_bytes } wanted for the next full backup.
finding-repository_tight = The repository will run out of room: { $free_bytes } left, { $needed_bytes } wanted for the next full backup.
finding-not_expired = Backups past their { $retention_days } days are still there; the oldest is { $oldest_age_s } old.
finding-backups_gone = { $backups } { $backups ->
    [one] backup
   *[other] backups
    } that were made are not in the repository; the newest is { $newest }.
finding-file_corrupted = A file of the repository is damaged: { $path }
finding-file_missing = A file of the repository is missing: { $path }
finding-backup_unusable = Backup { $label } can't be restored: { $said }
finding-verify_complains = The repository is not as it should be: { $said }
finding-more_faults = There are { $more } more faults.
method-backup-differential = The time of the newest backup that the backup program really finished is read from the repository itself every 30 seconds. The repository must have been compared, and every restore drill passed: a copy brought back into a throw-away place, and its content compared.
method-backup-log = The time of the newest piece of the database's transaction log that has arrived in the repository is read every 30 seconds. None may be missing in between, and the database must go on sending it.
method-residency-region = Every place data can go (database, repository, mail, receivers of logs and more) stands in a register and is held against what was declared of its region and where data may be. Every 10 seconds the open connections of the server's processes are looked at: none may lead to anybody undeclared. What is open for less than 10 seconds may pass unseen.
method-sealing-transport = Every minute, everything on this server that waits for connections is found, configured or not, and tried from outside: no answer without TLS but the way to HTTPS, no old versions (SSL 3.0, TLS 1.0, TLS 1.1), a valid certificate for the public address, and answers that tell browsers to come by HTTPS alone for a year. A proxy in front of the server is not seen.
method-audit-data_actions = Every hour the hashes of all entries are computed anew and compared with every published checkpoint and its signature, and with what is kept outside the database.
method-vulnerability-encrypted_connections = Every minute, PostgreSQL is asked how each connection to it came, every place that data goes to by the settings is looked at, and so is every connection that is open to another machine: each stays inside the server or is encrypted, with the other side verified.
method-trust-page = Every hour the server asks for its own page over HTTPS: all promises must be there, each state must be the one that follows from the measurements, and none may be called met by a measurement that is too old.
method-identity-email_only = Each build of STRUCT tests that there is no way to link another account. The running system is not measured yet.
method-activity-per_user = Each build of STRUCT tests that who did what and when is recorded without gaps. The running system is not measured yet.
method-access-per_screen = Each build of STRUCT tests that the four settings of a screen are kept. The running system is not measured yet.
method-access-per_role = Each build of STRUCT tests the decision for every role, screen and action. The running system is not measured yet.
method-erasure-contract_end = Certificates of erasure at the end of contracts will be counted. Nothing measures this yet.
method-erasure-partial = Data of other services will be compared before and after a part is cancelled. Nothing measures this yet.
method-sealing-personal_data = Each build of STRUCT tests that personal fields never stand in the database in plain text. The running system is not measured yet.
method-csirt-response = The time from noticing an incident to the first response will be measured. Nothing measures this yet.
method-policy-published = The day of the last review of each policy will be measured. Nothing measures this yet.
method-assessment-third_party = The day of the last assessment and its findings will be shown. Nothing measures this yet.
method-uptime-published = Whether each month's uptime and maintenance were published will be measured. Nothing measures this yet.
method-uptime-target = Uptime will be measured by regular requests from outside. Nothing measures this yet.
method-maintenance-budget = The time planned maintenance really took will be added up. Nothing measures this yet.
method-maintenance-notice = The time from the announcement to the start of maintenance will be measured. Nothing measures this yet.
method-resilience-redundancy = Parts will be stopped on purpose, and data counted afterwards. Nothing measures this yet.
method-slo-operated = Targets for answer times and the like will be compared with figures every month. Nothing measures this yet.
method-certification-shown = Registration numbers and expiry of certifications will be shown. Nothing measures this yet.
method-vulnerability-updates = The days since machines and runtimes were last updated will be measured. Nothing measures this yet.
method-vulnerability-secrets = Keys and passwords outside their boundary will be searched for regularly. Nothing measures this yet.
method-support-reply = Business days from an inquiry to its answer will be measured. Nothing measures this yet.
claim-rows-newest = Back to the newest

# The register of places
sink-title = Where data goes
sink-what = Every place data could go when this was measured. Customers' own receivers of logs are counted, not named.
sink-for = Purpose
sink-place = Place
sink-region = Region
sink-region-none = Unknown
sink-protected = Protection
sink-here = On this server
sink-receivers = { $count ->
    [one] { $count } receiver
   *[other] { $count } receivers
 }
sink-purpose = { $purpose ->
    [database] Database
    [backup] Repository of backups
    [keyring] Keyring
    [checkpoints] Copies of checkpoints
    [mail] Mail
    [witness] Witness (cosigns checkpoints)
    [stream] Receivers of logs (set by customers)
    [telemetry] Records of operation
    [names] Name servers
    [authority] Authority of certificates
    [other] Declared destination
   *[unknown] Something else
 }
sink-said = { $by ->
    [service] As the storage service says
    [operator] As the operator declares
    [demo] Assumed by the demo
   *[nobody] Nobody says so
 }
sink-protection = { $how ->
    [tls] Encrypted on the way
    [cipher] Encrypted as a whole before it leaves
    [sealed] Personal data encrypted
    [local] Does not leave the server
    [plain] Not encrypted
   *[unknown] Unknown
 }
