# 抽出の画面。
extraction-title = { $entity }の抽出
extraction-what = 抽出する記録
extraction-all = すべての{ $entity }
extraction-format = 形式
extraction-csv = CSV
extraction-csv-note = 表計算ソフトで開けます(UTF-8、BOM付き)。= などで始まる値は、数式にならないようにします。
extraction-ndjson = NDJSON
extraction-ndjson-note = 1行に1件のJSON。保存されている値のままです。
extraction-logged = 抽出すると、日時・条件・あなたの名前が、ファイルより先にアクティビティに残ります。
extraction-do = 抽出する
extraction-personal = ファイルには、次の{ $count }項目の個人データが伏せずに入ります。
