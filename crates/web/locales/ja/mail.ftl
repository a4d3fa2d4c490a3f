# デモのメール。
mail-title = デモのメール
mail-demo = デモだけのページです
mail-demo-what = デモのメールは誰にも送られず、ここに並びます。招待のリンクを開くと、招待された人としてパスワードを設定できます。デモでない環境に、このページはありません。
mail-signin = サインインの画面へ
mail-letters = メール(新しい順)
mail-none = メールはまだありません
mail-none-what = 管理者が利用者を招待すると、招待メールがここに並びます。
mail-to = 宛先
mail-at = 日時
