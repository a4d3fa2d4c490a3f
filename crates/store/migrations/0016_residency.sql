-- Where tenants' logs are sent, for the register of sinks: host and port of each receiver, whoever named it, and nothing else of it.
-- Paused ones count: they go on with one click.
CREATE FUNCTION struct.stream_peers(p_limit integer) RETURNS TABLE (peer text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT s.peer FROM struct.stream s ORDER BY s.peer LIMIT p_limit;
$$;

REVOKE EXECUTE ON FUNCTION struct.stream_peers(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.stream_peers(integer) TO struct_app;
-- The crossing role reads what a stream's worker needs already; its host and port come to that.
GRANT SELECT (peer) ON struct.stream TO struct_crossing;
GRANT CREATE ON SCHEMA struct TO struct_crossing;
ALTER FUNCTION struct.stream_peers(integer) OWNER TO struct_crossing;
REVOKE CREATE ON SCHEMA struct FROM struct_crossing;
