-- How long entries are kept. The hashes stay for ever, so that every proof given out goes on to verify; what goes is the
-- text of the entries. Nobody can prune earlier than a year, whatever program asks.

-- Days; null keeps entries for ever.
ALTER TABLE struct.log ADD COLUMN retention_days integer CHECK (retention_days >= 365);
GRANT UPDATE (retention_days) ON struct.log TO struct_app;

-- Removes entries of this transaction's tenant that are older than its rule, whole bundles of 256 only, so many bundles at
-- most; says how many entries went, or would go. Runs as the owner, since the app role may remove no entry: this door is the only way.
CREATE FUNCTION struct.log_prune(p_bundles integer, p_do boolean) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_log struct.log;
    v_until bigint;
    v_gone bigint;
BEGIN
    SELECT * INTO v_log FROM struct.log WHERE tenant_id = struct.current_tenant() FOR UPDATE;
    IF v_log.retention_days IS NULL THEN
        RETURN 0;
    END IF;
    -- The first entry, in the order of the log, that must stay.
    SELECT coalesce(min(l.position), v_log.size / 256 * 256) INTO v_until
    FROM struct.leaf l JOIN struct.entry e ON e.tenant_id = l.tenant_id AND e.entry_id = l.entry_id
    WHERE l.tenant_id = v_log.tenant_id AND l.position >= v_log.first_kept
      AND l.position < v_log.first_kept + 256 * p_bundles
      AND e.at >= now() - make_interval(days => v_log.retention_days);
    v_until := least(v_until, v_log.first_kept + 256 * p_bundles, v_log.size) / 256 * 256;
    IF v_until <= v_log.first_kept THEN
        RETURN 0;
    END IF;
    IF NOT p_do THEN
        RETURN v_until - v_log.first_kept;
    END IF;
    DELETE FROM struct.entry e USING struct.leaf l
    WHERE l.tenant_id = v_log.tenant_id AND l.position >= v_log.first_kept AND l.position < v_until
      AND e.tenant_id = l.tenant_id AND e.entry_id = l.entry_id;
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    UPDATE struct.log SET first_kept = v_until WHERE tenant_id = v_log.tenant_id;
    RETURN v_gone;
END
$$;
REVOKE EXECUTE ON FUNCTION struct.log_prune(integer, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.log_prune(integer, boolean) TO struct_app;
