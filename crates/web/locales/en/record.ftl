# Records: list, detail, form, conflict, deletion.
record-import = Import (CSV)
record-new = New { $entity }
record-new-title = New { $entity }
record-edit-title = Edit { $entity }
record-edit-of = Edit { $entity }
record-search = Search
record-search-clear = Clear
record-search-more = More conditions
record-search-label = Search { $entity }
record-search-sealed = Fields with a lock are searched in encrypted form. Kanji variants, hiragana and katakana, full and half width count as the same.
record-search-faults = Some conditions can't be used. The others were
record-any = Any
record-from = from
record-to = to
record-part = Part of it
record-whole = All of it
record-none = No { $entity } yet
record-none-what = Create one, or import a CSV file.
record-none-found = No { $entity } matches
record-none-found-what = Use fewer conditions, or another spelling.
record-matching = Matching
record-all = All
record-count = { $count ->
    [one] { $count } record
   *[other] { $count } records
}
record-count-more = { $count } records or more
record-extract = Extract
record-logged = Extracting and showing personal data is entered in your activity.
record-row-menu = Row menu
record-row-menu-of = Menu of { $title }
record-open = Open
record-edit = Edit
record-delete = Delete
record-empty = empty
record-unset = Not set
record-choose = Choose
record-find = Find
record-find-label = Find { $field }
record-panel = This record
record-created = Created
record-updated = Last change
record-version = version { $version }
record-id = Record id
record-reveal = Show personal data
record-reveal-note = Personal data is masked. Showing it enters the time and your name in your activity.
record-revealed = Personal data is shown. This has been entered in your activity.
record-hide = Hide personal data
record-personal-panel = Personal data
record-personal-note = Fields with a lock are stored encrypted. Showing and extracting them is entered in the activity.
record-personal-count = { $count ->
    [one] The field with a lock is stored encrypted.
   *[other] The { $count } fields with a lock are stored encrypted.
}
record-edit-revealed = Personal data is shown for editing. This has been entered in your activity.
record-required-note = {" "}marks fields that must be filled in
record-refused = { $count ->
    [one] Not saved. Mend this field
   *[other] Not saved. Mend these { $count } fields
}
record-save = Save changes
record-create = Create
record-back = Back without saving
record-stop = Stop
record-field = Field
record-mine = What you typed
record-theirs = What is stored (version { $version })
record-mine-short = You
record-theirs-short = Somebody else
record-emptied = (empty)
record-conflict-title = Two changes of this { $entity } meet
record-conflict-heading = Somebody else saved while you were editing
record-conflict-versions = You opened version { $opened }; now it is version { $now }. Nothing has been overwritten. Last saved:
record-conflict-pick = { $count ->
    [one] Choose which value stays for the field that both changed. Other changes of both sides stay.
   *[other] Choose which value stays for the { $count } fields that both changed. Other changes of both sides stay.
}
record-conflict-none = No field was changed by both. Both changes can be saved together.
record-conflict-both = Fields that both changed
record-conflict-settled = Changes that stay
record-conflict-settled-note = Fields that only one side changed.
record-conflict-save = Save what was chosen
record-conflict-drop = Drop my changes
record-stays = Value that stays
record-changed-by = Changed by
record-delete-title = Delete { $entity }
record-delete-ask = Delete "{ $title }"?
record-delete-what = Once deleted it no longer appears in lists and searches, and can't be brought back.
record-delete-logged = The time and your name are entered in your activity.
record-delete-do = Delete { $entity }
record-delete-conflict = Somebody changed it after you opened it
record-delete-conflict-what = Nothing has been deleted. Look at the newest version, then choose again.
