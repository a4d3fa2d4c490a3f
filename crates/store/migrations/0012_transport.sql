-- How connections to the database are protected on their way, for the measurement of it. PostgreSQL shows each role the protection
-- of its own connections only; so the application sees its own by itself, and the owner's by this. Kinds and counts: no
-- address, no statement, nobody's name.
CREATE FUNCTION struct.owner_connections()
    RETURNS TABLE (role text, way text, tls boolean, version text, cipher text, connections bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.usename::text,
           CASE WHEN a.client_addr IS NULL THEN 'socket'
                WHEN a.client_addr <<= inet '127.0.0.0/8' OR a.client_addr = inet '::1' THEN 'loopback'
                ELSE 'network' END,
           coalesce(s.ssl, false), coalesce(s.version, ''), coalesce(s.cipher, ''), count(*)
    FROM pg_stat_activity a LEFT JOIN pg_stat_ssl s ON s.pid = a.pid
    WHERE a.datname = current_database() AND a.usename = current_user
    GROUP BY 1, 2, 3, 4, 5;
$$;

REVOKE EXECUTE ON FUNCTION struct.owner_connections() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.owner_connections() TO struct_app;
