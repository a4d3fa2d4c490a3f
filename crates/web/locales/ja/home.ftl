# サインインの後の最初の画面。
home-title = ホーム
home-no-service = 使えるサービスがありません
home-no-service-administrator = 契約中のサービスがないか、画面がまだ開かれていません。新しい画面は、設定するまで誰にも開きません。
home-no-service-member = 契約中のサービスの画面が、あなたにまだ開かれていません。会社の管理者に、使いたい画面を伝えてください。
home-open-screens = アクセス権を設定する
home-no-screen = あなたに開かれているルート機能はありません。
home-logged = 記録の登録・変更・削除・抽出と、個人データの表示は、アクティビティに残ります。
