# The demo's mail.
mail-title = The demo’s mail
mail-demo = This page exists in the demo only
mail-demo-what = Mail of the demo is sent to nobody; it is listed here. Open the link of an invitation to set a password as the person invited. Outside a demo there is no such page.
mail-signin = To the sign-in page
mail-letters = Letters, newest first
mail-none = There is no mail yet
mail-none-what = When an administrator invites somebody, the invitation is listed here.
mail-to = To
mail-at = Written
