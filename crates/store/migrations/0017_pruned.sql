-- Up to where an entry about removed entries says that they are gone, in the clear: it stands in the entry's leaf, so that whoever
-- holds a copy of the log sees without any key whether what is missing was removed by the tenant's rule. Null on all others.
ALTER TABLE struct.entry ADD COLUMN pruned_below bigint;
