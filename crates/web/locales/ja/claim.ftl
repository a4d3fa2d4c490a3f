# 「非機能要件への対応」のページ: 状態、目標、実測値、測り方、履歴、証跡。
claim-title = 非機能要件への対応
claim-lede = STRUCTがお約束すること、いまの実測値、その証拠を、同じ行に並べます。測っていないものを「達成」とは書きません。期限を過ぎた測定は「未検証」に戻ります。状態は測定だけから決まり、人は書き換えられません。
claim-met = 達成
claim-at_risk = 要注意
claim-missed = 未達
claim-unverified = 未検証
claim-read-at = 測定の読み込み
claim-unread = 測定をまだ読み込めていません
claim-renewed = 1分ごとに更新
claim-stale-title = 最新の測定を読み込めていません
claim-stale-what = データベースに接続できないため、最後に読み込んだ測定を表示しています。測定は時間がたつほど古くなり、期限を過ぎると「未検証」に変わります。
claim-feed = 状態の変化を購読する(Atom)
claim-json = JSONで取得
claim-log = 証跡のログ
claim-attention = 達成していない約束、気をつけている約束が{ $count }件あります
claim-unchecked-title = まだ測っていない約束が{ $count }件あります
claim-unchecked-what = 測る仕組みができるまで「未検証」のまま表示します。
claim-all-met = 測っている約束は、すべて達成しています。
claim-contents = このページの目次
claim-group-users = ユーザー管理と認証
claim-group-users-what = だれが入れるか、だれが何をしたか。
claim-group-operation = インフラ運用
claim-group-operation-what = 何が起きても、どこまで戻せるか。どう守り、どう消すか。
claim-group-safety = 安全性への取り組み
claim-group-safety-what = だれが備え、だれが確かめているか。
claim-group-uptime = 稼働実績
claim-group-uptime-what = 実際に、どれだけ動いていたか。
claim-group-slo = SLO
claim-group-slo-what = 目標を決め、そのとおりに運用しているか。
claim-group-support = サポート
claim-group-support-what = 困ったときに、いつ応えるか。
claim-group-table = { $group }の約束と実測値
claim-group-met = { $met }/{ $all } 達成
claim-promise = 約束
claim-state = 状態
claim-figure = 実測値と目標
claim-measured = 最終測定
claim-proof = 証拠
claim-evidence = 証跡
claim-method = 検証方法
claim-target = 目標 { $target }
claim-no-figure = 実測値なし
claim-never = 測定なし
claim-why-unchecked = 測る仕組みがまだないため、達成とは言えません。
claim-why-none = 測る仕組みはありますが、まだ一度も測定していません。
claim-why-stale = 最後の測定から{ $age }たち、期限の{ $limit }を過ぎました。前回の結果は、もう根拠になりません。
claim-why-late = 最後の測定から{ $age }たち、予定の{ $expected }より遅れています。{ $limit }を過ぎると「未検証」に変わります。
claim-why-check = { $check }：{ $why }
claim-others = ほかの測定
claim-ago-now = たった今
claim-ago = { $age }前
claim-ago-ahead = 時計のずれ
claim-vitals = 主な約束の状態
claim-vital-uptime = 稼働
claim-vital-backup = バックアップ
claim-vital-log = ログの照合
claim-vitals-link = 非機能要件への対応
claim-checks = 測定
claim-checks-what = 約束は、次の測定がすべて達成のときだけ「達成」です。いちばん悪い状態が、約束の状態になります。
claim-check = 測定するもの
claim-check-method = 測り方
claim-check-tool = 測った道具
claim-check-window = 測った期間
claim-check-fresh = { $expected }以内に測り直す予定です。{ $limit }を過ぎると「未検証」に変わります。
claim-check-host = サーバー { $host }
claim-history = 12か月の履歴
claim-history-what = 各日は、その日のいちばん悪い状態です。測っていない時間は「未検証」とし、達成には数えません。
claim-history-label = { $month }：達成 { $met }、要注意 { $at_risk }、未達 { $missed }、未検証 { $unverified }
claim-history-table = 表で見る
claim-history-month = 月
claim-history-share = 達成の割合
claim-history-none = 測定なし
claim-history-away = いまは履歴を読み込めません。しばらくして、このページを開き直してください。
claim-changes = 状態の変化
claim-changes-what = 12か月のうち、新しい順に{ $count }件までを表示します。
claim-changes-none = この12か月に、測定はありません。
claim-change-from = から
claim-change-until = まで
claim-change-length = 長さ
claim-change-now = 現在
claim-rows = 証跡の一覧
claim-rows-what = 測定は1件ごとに保存し、全社のログ(改ざん検知ログ)にも載せます。後から書き換えることはできません。
claim-rows-none = 測定はまだありません。
claim-rows-away = いまは証跡を読み込めません。しばらくして、このページを開き直してください。
claim-row-at = 測定
claim-row-open = 証跡を開く
claim-badge = バッジ
claim-badge-what = 自社のページに、いまの状態を載せられます。
evidence-title = 証跡 { $promise }
evidence-what = 1回の測定の記録です。この内容のまま、全社のログに載っています。
evidence-id = 証跡の番号
evidence-verdict = 判定
evidence-held = 約束のとおり
evidence-at_risk = 約束のとおり(要注意)
evidence-broken = 約束のとおりではない
evidence-found = 測定の結果
evidence-why = 理由
evidence-until = 測り終えた時刻
evidence-method-raw = 証跡に書かれた測り方(英語)
evidence-raw = 元の値
evidence-raw-what = 実測値の元になった値です。SHA-256は証明書の中の値と一致します。
evidence-raw-none = この測定に、元の値の保存はありません。実測値がすべてです。
evidence-raw-save = 元の値をダウンロードする(JSON)
evidence-prove = 改ざんされていないことを確かめる
evidence-prove-what = 証明書は、この証跡が全社のログに載っていることを、STRUCTを信じずに確かめられるファイルです。
evidence-prove-do = 証明書をダウンロードする
evidence-prove-how = 確かめ方
evidence-prove-key = 全社のログの公開鍵は、契約書などこのサイトとは別の経路で受け取ったものを使ってください。
evidence-prove-keys = 公開鍵を見る
evidence-soon = 証明書は、測定から数秒で取得できるようになります。
feed-title = STRUCT 約束の状態の変化
feed-entry = { $promise }：{ $state }
feed-entry-from = 「{ $before }」から「{ $after }」に変わりました。
feed-entry-first = 初めて測定し、「{ $after }」になりました。
target-always = 例外0件
target-newest-age = { $age }以内
target-review = 年1回以上({ $days }日以内)
target-review-days = { $days }日以内
target-share = { $share }%以上
target-yearly-hours = 年{ $hours }時間以内
target-notice = { $days }日前まで
target-reply = { $days }営業日以内
target-monthly = 毎月公開
span-less = 1秒未満
span-s = { $count }秒
span-min = { $count }分
span-h = { $count }時間
span-d = { $count }日
check-schedule = 取得の間隔
check-repository = 保管庫の中身
check-restore = 復元の試験
check-archive = ログの保管
check-sinks = データの行き先
check-listeners = 受け口
check-connections = 内部の接続
check-page = このページ
check-log = ログの照合
finding-unworded = { $code }：{ $args }
finding-as_written = { $text }
finding-log_whole = { $leaves }件すべて一致({ $logs }個のログ)
finding-log_faults = 不一致{ $faults }件
finding-log_fault = { $text }
finding-sinks_all = 行き先{ $sinks }件はすべて{ $allowed }(1時間に見た接続{ $connections }件)
finding-sinks_all_demo = 行き先{ $sinks }件はすべて{ $allowed }(1時間に見た接続{ $connections }件。地域はデモの仮定)
finding-sinks_faulty = 確かめられない行き先{ $faults }件({ $sinks }件中)
finding-machine_undeclared = このサーバーがどの地域にあるかを、運用者がまだ設定に書いていません([residency]のregion)。
finding-machine_outside = このサーバーは{ $region }にあります。データを置いてよい地域は{ $allowed }です。
finding-sink_undeclared = { $purpose ->
    [database] データベース
    [backup] バックアップの保管庫
    [keyring] 鍵の保管場所
    [checkpoints] チェックポイントの控え
    [mail] メール
    [witness] 証人
    [stream] 操作ログの送信先
    [telemetry] 計測値
    [names] 名前の問い合わせ先
   *[other] そのほかの行き先
    }({ $address })がどの地域にあるかの申告がありません。
finding-sink_outside = { $purpose ->
    [database] データベース
    [backup] バックアップの保管庫
    [keyring] 鍵の保管場所
    [checkpoints] チェックポイントの控え
    [mail] メール
    [witness] 証人
    [stream] 操作ログの送信先
    [telemetry] 計測値
    [names] 名前の問い合わせ先
   *[other] そのほかの行き先
    }({ $address })は{ $region }にあります。データを置いてよい地域は{ $allowed }です。
finding-sink_contradicted = { $purpose ->
    [database] データベース
    [backup] バックアップの保管庫
    [keyring] 鍵の保管場所
    [checkpoints] チェックポイントの控え
    [mail] メール
    [witness] 証人
    [stream] 操作ログの送信先
    [telemetry] 計測値
    [names] 名前の問い合わせ先
   *[other] そのほかの行き先
    }({ $address })の地域は{ $region }と申告されていますが、サービス自身は「{ $told }」と答えています。
finding-streams_undeclared = 操作ログの送信先のうち{ $streams }件は、どの地域にあるかの申告がありません。
finding-streams_outside = 操作ログの送信先のうち{ $streams }件は、データを置いてよい地域({ $allowed })の外にあります。
finding-connection_unknown = どの行き先にも当たらない接続がありました：{ $address }({ $protocol })
finding-processes_unreadable = 接続を読み取れないプロセスが{ $processes }個あります。
finding-listeners_all = 待ち受け{ $listeners }個すべて約束どおりです({ $tls }個は{ $version }以上、{ $plain_here ->
    [0] 暗号化しないものはなし
   *[other] サーバーの中だけの{ $plain_here }個は暗号化なし
    }、証明書は残り{ $left_s })
finding-listeners_here = 待ち受け{ $listeners }個すべてサーバーの中だけのものです
finding-listeners_faulty = 待ち受け{ $listeners }個のうちに問題が{ $faults }件
finding-listeners_none = 接続を待ち受けているものがなく、誰もこのサーバーに届きません。
finding-listener_plain = { $address }({ $program })は{ $question }に暗号化なしで答えました(HTTP { $status })。
finding-listener_other = { $address }({ $program })には、他のマシンから暗号化なしで接続できます: { $text }
finding-listener_silent = { $address }({ $program })は試せませんでした: { $text }
finding-listeners_untried = 待ち受けが多すぎて、{ $listeners }個を試せませんでした。
finding-tls_old = { $address }は古い版を受け入れます: { $versions }
finding-tls_not_newest = { $address }はTLS 1.3ではなく{ $version }で話します。
finding-certificate_expired = { $address }の証明書は{ $ended_at }に期限が切れました。
finding-certificate_ends = { $address }の証明書は残り{ $left_s }です。
finding-certificate_early = { $address }の証明書は{ $begins_at }からのものです。
finding-certificate_name = { $address }の証明書は{ $host }のものではありません({ $names })。
finding-certificate_untrusted = { $address }の証明書({ $issuer }が署名)の後ろに、信頼できる認証局がありません: { $text }
finding-hsts_missing = { $address }は{ $question }への答えで、HTTPSだけを使うようブラウザに伝えていません(Strict-Transport-Security)。
finding-hsts_short = { $address }は{ $question }への答えで、HTTPSだけを使うのを{ $age_s }しか求めていません。1年が必要です。
finding-headers_missing = { $address }の{ $question }への答えに、足りないヘッダーがあります: { $headers }
finding-connections_all = すべて守られています(データベースへ{ $database }本、うちネットワーク越し{ $database_network }本。他のマシンへ{ $open }本。外の行き先{ $sinks }か所)
finding-connections_faulty = データベースへの接続{ $database }本と外の行き先{ $sinks }か所のうちに問題が{ $faults }件
finding-database_plain = { $role }としてのデータベースへの接続{ $connections }本が、ネットワークを暗号化なしで通っています。
finding-database_old = { $role }としてのデータベースへの接続{ $connections }本が{ $version }で通っています。
finding-database_unseen = データベースがSTRUCTの接続の守り方を示しません(pg_stat_ssl)。
finding-sink_plain = { $purpose ->
    [database] データベース
    [backup] バックアップの保管先
    [mail] メール
    [witness] 証人
    [stream] 監査ログの受け取り先
    [telemetry] 稼働の記録
   *[other] 他の行き先
    }({ $address })には暗号化なしでつながります。
finding-sink_mounted = { $purpose ->
    [database] データベース
    [keyring] 鍵
    [checkpoints] チェックポイントの控え
    [mail] メール
   *[other] フォルダー
    }が他のマシンのディスク({ $address })にあり、そこまでの道が暗号化されているかは分かりません。
finding-connection_unproven = { $address }への接続が開いていて、暗号化されていることを示すものがありません。
finding-claims_shown = 表示が測定と一致({ $promises }件、うち新しい測定あり{ $fresh }件)
finding-claims_wrong = 表示の誤り{ $faults }件
finding-page_unreachable = ページを取得できません：{ $text }
finding-page_status = ページがHTTP { $status }を返しました。
finding-page_unreadable = ページの内容を読み取れません：{ $text }
finding-page_lags = 表示している測定は{ $age_s }前に読み込んだもので、古くなっています。
finding-promise_not_shown = 約束{ $promise }が表示されていません。
finding-promise_unknown = 約束の一覧にない{ $promise }が表示されています。
finding-state_differs = { $promise }は「{ $found }」のはずですが、「{ $shown }」と表示されています。
finding-stale_shown_met = { $promise }は期限切れの測定なのに「達成」と表示されています。
finding-restored = { $target_at }の時点を{ $rto_s }で復元(失われる時間{ $rpo_ms }ミリ秒、{ $tenants }社、{ $records }件、ログ{ $logs }本)
finding-not_restored = { $target_at }の時点を復元できていません
finding-drill_restored = 復元の試験で、保管庫から戻せませんでした：{ $said }
finding-drill_started = 復元の試験で、戻したデータベースが起動しませんでした：{ $said }
finding-drill_recovered = 復元の試験で、どの時点まで戻ったかを確かめられませんでした：{ $said }
finding-drill_signed_in = 復元の試験で、戻したデータベースにログインできませんでした：{ $said }
finding-drill_page = 復元の試験で、最初のページを表示できませんでした：{ $said }
finding-drill_indexes = 復元の試験で、壊れた索引または表が{ $faults }件ありました：{ $said }
finding-drill_references = 復元の試験で、参照先の欠けまたは値の重複が{ $faults }件ありました：{ $said }
finding-drill_records = 復元の試験で、件数が操作ログと{ $faults }件合いませんでした：{ $said }
finding-drill_opened = 復元の試験で、鍵で開かないデータがありました：{ $said }
finding-drill_logs = 復元の試験で、操作ログが公開済みのチェックポイントと合いませんでした({ $faults }件)：{ $said }
finding-drill_checksums = 復元の試験で、破損したページがありました：{ $said }
finding-drill_cut_off = 復元の試験が、最後まで終わりませんでした。
finding-drill_no_room = 復元の試験に使う空き容量が足りません：{ $said }
finding-log_restored = 障害からの復元により、{ $log }は公開済みの{ $published }件のうち{ $restored }件までになりました({ $restored_at })。失われた分は、ログの中で公表しています。
finding-backups_off = バックアップを止めています({ $said })
finding-newest_backup = 最新のバックアップは{ $age_s }前({ $kind ->
    [full] フル
   *[differential] 差分
    })、保管庫に{ $backups }件
finding-no_backup = バックアップがまだ1件もありません。
finding-backup_late = 最新のバックアップが{ $age_s }前のものです。{ $limit_s }を超えないはずです。
finding-full_late = 最新のフルバックアップが{ $age_s }前のものです。{ $limit_s }ごとに取るはずです。
finding-backup_fails = バックアップが続けて{ $failures }回失敗しています。最後は{ $last_at }です：{ $said }
finding-gap_before = { $from_at }から{ $until_at }まで、{ $gap_s }のあいだバックアップがありませんでした。
finding-clock_back = 最新の記録が{ $ahead_s }先の時刻になっています。時計が狂っていたか、戻されました。
finding-repository_unreachable = バックアップの保管庫を使えません({ $for_s }前から)：{ $said }
finding-wrong_key = バックアップの保管庫が、この鍵では開きません：{ $said }
finding-other_cluster = 保管庫にあるのは、別のデータベースのバックアップです：{ $said }
finding-newest_wal = 保管庫に届いた最新のログは{ $age_s }前、欠けは{ $gaps }個、いま失われるのは最大{ $rpo_s }分
finding-no_wal = 保管庫にログがまだ届いていません。
finding-wal_late = 保管庫の最新のログが{ $age_s }前のものです。{ $limit_s }を超えないはずです。
finding-wal_gap = 最新のバックアップより後のログが{ $missing }個欠けています({ $first }から{ $last }まで)。次のバックアップまで、その先の時点に戻せません。
finding-wal_gap_before = 最新のバックアップより前のログが{ $missing }個欠けています。その間の時点には戻せません。
finding-archiving_off = データベースがログを保管庫に送らない設定になっています(archive_mode)。
finding-archive_command_changed = データベースがログを送るコマンドが、STRUCTの設定と違います(archive_command)。
finding-archiving_fails = ログを保管庫に送れません。最後の失敗は{ $last_at }、ログ{ $name }、これまでに{ $failed }回です。
finding-repository_verified = 保管庫{ $size_bytes }、{ $verified_age_s }前に{ $read_bytes }を読み直して異常{ $faults }件
finding-repository_unread = 保管庫{ $size_bytes }、まだ読み直していません
finding-not_encrypted = 保管庫が約束どおりに暗号化されていません(方式：{ $cipher })。
finding-not_verified = 保管庫の中身を、まだ読み直していません。
finding-verify_fails = 保管庫の中身を読み直せません：{ $said }
finding-verified_long_ago = 保管庫の中身を最後に読み直したのは{ $age_s }前です。
finding-repository_full = 保管庫の空きがありません。残り{ $free_bytes }、次のフルバックアップに必要なのは{ $needed_bytes }です。
finding-repository_tight = 保管庫の空きが足りなくなります。残り{ $free_bytes }、次のフルバックアップに必要なのは{ $needed_bytes }です。
finding-not_expired = 期限({ $retention_days }日)を過ぎたバックアップが消えていません。最も古いものは{ $oldest_age_s }前です。
finding-backups_gone = 取ったはずのバックアップが{ $backups }件、保管庫にありません。最も新しいものは{ $newest }です。
finding-file_corrupted = 保管庫のファイルが壊れています：{ $path }
finding-file_missing = 保管庫のファイルがありません：{ $path }
finding-backup_unusable = バックアップ{ $label }は復元に使えません：{ $said }
finding-verify_complains = 保管庫の照合で異常がありました：{ $said }
finding-more_faults = このほかに{ $more }件の異常があります。
method-backup-differential = バックアップの道具が実際に終えたバックアップの時刻を、保管庫そのものから30秒ごとに読み取ります。保管庫の中身の照合と、毎回の復元試験(使い捨ての環境に戻し、中身を突き合わせる)にも合格していることを条件にします。
method-backup-log = データベースのトランザクションログのうち、保管庫に届いた最も新しいものの時刻を30秒ごとに読み取ります。途中の欠けがないことと、データベースがログを送り続けていることも確かめます。
method-residency-region = データが行き得るすべての場所(データベース、保管庫、メール、ログの送信先など)を一覧にし、どの地域にあるかの申告と、置いてよい地域に照らします。サーバーのプロセスが開いている接続を10秒ごとに見て、申告のない相手との接続がないことを確かめます。10秒より短い接続は、見えないことがあります。
method-sealing-transport = このサーバーで接続を待ち受けているものを、設定にないものも含めて1分ごとにすべて見つけ、外からのように試します。暗号化なしの答えはHTTPSへの案内だけであること、古い版(SSL 3.0、TLS 1.0、TLS 1.1)を断ること、公開アドレスの有効な証明書であること、HTTPSだけを1年間使うようブラウザに伝えることを確かめます。サーバーの手前にあるプロキシは見えません。
method-audit-data_actions = 保存されている全件のハッシュを計算し直し、公開したすべてのチェックポイントと署名、データベースの外に控えたものと、1時間ごとに比べます。
method-vulnerability-encrypted_connections = 1分ごとに、データベースへのすべての接続がどう届いたかをデータベース自身に尋ね、設定で決まるすべての行き先と、他のマシンへ開いているすべての接続を調べます。どれもサーバーの中にとどまるか、相手を確かめたうえで暗号化されていなければなりません。
method-trust-page = サーバーが1時間ごとに自分のページをHTTPSで取得し、すべての約束があること、表示された状態が測定から決まる状態と同じこと、期限切れの測定で「達成」と書いていないことを確かめます。
method-identity-email_only = 外部アカウントとの連携の経路がないことを、STRUCTを作るたびに自動テストで確かめています。動いているシステムでの測定は、まだありません。
method-activity-per_user = だれがいつ何をしたかが欠けずに記録されることを、STRUCTを作るたびに自動テストで確かめています。動いているシステムでの測定は、まだありません。
method-access-per_screen = 画面ごとの4つの設定が守られることを、STRUCTを作るたびに自動テストで確かめています。動いているシステムでの測定は、まだありません。
method-access-per_role = ロール・画面・操作のすべての組み合わせの判定を、STRUCTを作るたびに自動テストで確かめています。動いているシステムでの測定は、まだありません。
method-erasure-contract_end = 契約終了時の消去の証明書を数える予定です。測る仕組みは、まだありません。
method-erasure-partial = 一部解約の前後で、ほかのサービスのデータが変わらないことを照合する予定です。測る仕組みは、まだありません。
method-sealing-personal_data = 個人データの項目がデータベースに平文で現れないことを、STRUCTを作るたびに自動テストで確かめています。動いているシステムでの測定は、まだありません。
method-csirt-response = インシデントを検知してから一次対応までの時間を測る予定です。測る仕組みは、まだありません。
method-policy-published = 方針ごとの最後の見直しの日を測る予定です。測る仕組みは、まだありません。
method-assessment-third_party = 第三者による監査の日と指摘の件数を載せる予定です。測る仕組みは、まだありません。
method-uptime-published = 毎月の稼働率とメンテナンスの実績が公開されたかを測る予定です。測る仕組みは、まだありません。
method-uptime-target = 外からの定期的な呼び出しで稼働率を測る予定です。測る仕組みは、まだありません。
method-maintenance-budget = 計画メンテナンスに実際に使った時間を合計する予定です。測る仕組みは、まだありません。
method-maintenance-notice = 告知した時刻とメンテナンスの開始時刻の間隔を測る予定です。測る仕組みは、まだありません。
method-resilience-redundancy = 一部をわざと止める試験を定期的に行い、失われたデータがないことを測る予定です。測る仕組みは、まだありません。
method-slo-operated = 応答時間などの目標と実測値を毎月比べる予定です。測る仕組みは、まだありません。
method-certification-shown = 認証の登録番号と有効期限を載せる予定です。測る仕組みは、まだありません。
method-vulnerability-updates = 実行環境の最後の更新からの日数を測る予定です。測る仕組みは、まだありません。
method-vulnerability-secrets = 鍵やパスワードが境界の外に出ていないことを、定期的に探して確かめる予定です。測る仕組みは、まだありません。
method-support-reply = お問い合わせを受けてから回答するまでの営業日数を測る予定です。測る仕組みは、まだありません。
claim-rows-newest = 最新に戻る

# 行き先の一覧
sink-title = データの行き先
sink-what = この測定のときに登録されていた、データが行き得るすべての場所です。お客様ごとのログの送信先は、数だけを載せます。
sink-for = 用途
sink-place = 場所
sink-region = 地域
sink-region-none = 不明
sink-protected = 保護
sink-here = このサーバーの中
sink-receivers = { $count }か所
sink-purpose = { $purpose ->
    [database] データベース
    [backup] バックアップの保管庫
    [keyring] 鍵束
    [checkpoints] チェックポイントの控え
    [mail] メール
    [witness] 証人(チェックポイントの連署)
    [stream] ログの送信先(お客様の設定)
    [telemetry] 稼働の記録
    [names] 名前解決
    [authority] 証明書の発行元
    [other] 申告された行き先
   *[unknown] その他
 }
sink-said = { $by ->
    [service] 保管サービスの回答
    [operator] 運用者の申告
    [demo] デモの仮定
   *[nobody] 申告なし
 }
sink-protection = { $how ->
    [tls] 通信を暗号化
    [cipher] 送る前に全体を暗号化
    [sealed] 個人データを暗号化
    [local] サーバーの外に出ない
    [plain] 暗号化なし
   *[unknown] 不明
 }
