# Extraction.
extraction-title = Extract { $entity }
extraction-what = Records to extract
extraction-all = Every { $entity }
extraction-format = Format
extraction-csv = CSV
extraction-csv-note = Opens in spreadsheets (UTF-8 with BOM). Values that start with = and the like are kept from becoming formulas.
extraction-ndjson = NDJSON
extraction-ndjson-note = One JSON object a line, values as stored.
extraction-logged = The time, the conditions and your name are entered in your activity before the file leaves.
extraction-do = Extract
extraction-personal = { $count ->
    [one] The file holds the personal data of this field in full.
   *[other] The file holds the personal data of these { $count } fields in full.
}
