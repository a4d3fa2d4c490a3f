//! The text of the promises. Holds no logic; a promise is added here, in `ids.txt` and in the document of promises at
//! once.

use super::{Promise, Target};

/// Every promise, in the order of the public page.
pub const ALL: &[Promise] = &[
    Promise {
        id: "identity.email_only",
        ja: "メールアドレスを使用したユーザー登録のみ。他のアカウントとの連携を行わない",
        en: "Users register by e-mail address only; no other account is linked.",
        target: Target::Always,
    },
    Promise {
        id: "activity.per_user",
        ja: "いつ、誰が、何を行ったかのアクティビティログをユーザー別に参照",
        en: "An activity log shows for each user what was done, when and by whom.",
        target: Target::Always,
    },
    Promise {
        id: "access.per_screen",
        ja: "画面別に 使用可能フラグ・ルート機能フラグ・課金ユーザータイプ・権限設定種別フラグ を設定",
        en: "Each screen has its own settings: usable, root function, billing user types and permission kind.",
        target: Target::Always,
    },
    Promise {
        id: "access.per_role",
        ja: "ロール別に各画面へのアクセス設定",
        en: "Each role has its own access settings for every screen.",
        target: Target::Always,
    },
    Promise {
        id: "backup.differential",
        ja: "12時間ごとの差分バックアップ",
        en: "A differential backup is made every 12 hours.",
        target: Target::NewestAgeMin(12 * 60),
    },
    Promise {
        id: "backup.log",
        ja: "約10分ごとのトランザクションログバックアップ",
        en: "The transaction log is backed up about every 10 minutes.",
        target: Target::NewestAgeMin(10),
    },
    Promise {
        id: "residency.region",
        ja: "データの保存先が国内(東日本リージョン)に限定",
        en: "Data is kept in Japan only (the eastern region).",
        target: Target::Always,
    },
    Promise {
        id: "erasure.contract_end",
        ja: "契約終了後、入力されたデータを全て抽出し完全に消去",
        en: "After a contract ends, everything entered is extracted and completely erased.",
        target: Target::Always,
    },
    Promise {
        id: "erasure.partial",
        ja: "一部を解約する場合、解約するサービスの入力データのみを消去",
        en: "Cancelling a part erases the data of the cancelled service only.",
        target: Target::Always,
    },
    Promise { id: "sealing.transport", ja: "通信はHTTPS", en: "Communication is by HTTPS.", target: Target::Always },
    Promise {
        id: "sealing.personal_data",
        ja: "DB上でも個人情報を暗号化して保存",
        en: "Personal data is kept encrypted in the database too.",
        target: Target::Always,
    },
    Promise {
        id: "audit.data_actions",
        ja: "データの作成・更新・削除・抽出のアクションログを取得。不正の兆候の発見、トレーサビリティ",
        en: "Creating, changing, removing and extracting data is logged, so that signs of fraud are found and actions can be traced.",
        target: Target::Always,
    },
    Promise {
        id: "csirt.response",
        ja: "セキュリティインシデント対応専門チーム(CSIRT)",
        en: "A dedicated team (CSIRT) responds to security incidents.",
        target: Target::Always,
    },
    Promise {
        id: "policy.published",
        ja: "セキュリティ・データの取り扱いに関する方針",
        en: "Policies on security and the handling of data are published.",
        target: Target::ReviewDays(365),
    },
    Promise {
        id: "assessment.third_party",
        ja: "第三者機関によるセキュリティ監査",
        en: "Third parties assess security.",
        target: Target::ReviewDays(365),
    },
    Promise {
        id: "uptime.published",
        ja: "毎月の稼働率と定期メンテナンスダウンタイムの実績を公開",
        en: "Monthly uptime and the maintenance time actually taken are published.",
        target: Target::PublishedMonthly,
    },
    Promise {
        id: "uptime.target",
        ja: "通年稼働率目標 99.9% (定期メンテナンスを除く)",
        en: "The yearly uptime target is 99.9 %, regular maintenance aside.",
        target: Target::YearlyShareBasisPoints(9_990),
    },
    Promise {
        id: "maintenance.budget",
        ja: "メンテナンスダウンタイムは年間8時間程度",
        en: "Maintenance takes about eight hours a year.",
        target: Target::YearlyHours(8),
    },
    Promise {
        id: "maintenance.notice",
        ja: "10日以上前までに告知",
        en: "Maintenance is announced at least 10 days ahead.",
        target: Target::NoticeHours(240),
    },
    Promise {
        id: "resilience.redundancy",
        ja: "ネットワークの冗長化、可用性ゾーンにより障害発生時も稼働を継続",
        en: "Redundant networks and availability zones keep the service going through failures.",
        target: Target::Always,
    },
    Promise {
        id: "slo.operated",
        ja: "サービスレベルを目標に定め運用",
        en: "Service levels are set as targets and operated by.",
        target: Target::PublishedMonthly,
    },
    Promise {
        id: "certification.shown",
        ja: "Pマーク、ISO/IEC 27001 (JIS)、認証登録番号",
        en: "Certifications (PrivacyMark, ISO/IEC 27001 / JIS) are shown with their registration numbers.",
        target: Target::Always,
    },
    Promise {
        id: "vulnerability.updates",
        ja: "VMインスタンスとランタイムが定期的に更新",
        en: "Machines and runtimes are updated regularly.",
        target: Target::ReviewDays(30),
    },
    Promise {
        id: "vulnerability.secrets",
        ja: "シークレットの通信が境界を越えない。保存時に常に暗号化",
        en: "Secrets do not cross the network boundary and are always encrypted at rest.",
        target: Target::Always,
    },
    Promise {
        id: "vulnerability.encrypted_connections",
        ja: "すべての通信が暗号化",
        en: "All communication is encrypted.",
        target: Target::Always,
    },
    Promise {
        id: "support.reply",
        ja: "お問い合わせフォーム。2営業日以内に連絡",
        en: "An inquiry by the form is answered within two business days.",
        target: Target::ReplyBusinessDays(2),
    },
    Promise {
        id: "trust.page",
        ja: "非機能要件への対応(このページ)",
        en: "How the non-functional requirements are met is published, with evidence.",
        target: Target::Always,
    },
];
