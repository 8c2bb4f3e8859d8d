import Testing

@Suite("Errors: The database")
struct DatabaseErrorTests {
    @Test("Every problem is told in its place", arguments: databaseErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }
}

private let databaseErrors = [
    Golden(
        "A name of MySQL's",
        #"""
        stack: shop
        app: {run: x}
        database: {name: Mysql}
        """#,
        #"""
        tandem.yaml:3:18: error: database.name: the name 'Mysql' belongs to MySQL itself; expected another name
        """#),
    Golden(
        "A name of Tandem's",
        #"""
        stack: tandem
        app: {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: the database's name follows from the stack's, but the name 'tandem' belongs to Tandem's own data; expected another name; set database.name
        """#),
    Golden(
        "A name with a hyphen",
        #"""
        stack: shop
        app: {run: x}
        database: {name: my-shop}
        """#,
        #"""
        tandem.yaml:3:18: error: database.name: expected a name of 1 to 32 letters, digits and underscores that begins with a letter, found 'my-shop'
        """#),
    Golden(
        "Owned settings",
        #"""
        stack: shop
        app: {run: x}
        database:
          settings:
            sync_binlog: 0
            innodb-flush-log-at-trx-commit: 2
            LOOSE_Super-Read-Only: off
            skip_networking: on
            x.read_only: 0
            datad: /tmp
            plugin_load_add: x.so
            require_secure_transport: off
            autocommit: 0
        """#,
        #"""
        tandem.yaml:5:5: error: database.settings: 'sync_binlog' is not yours to set: it decides whether an acknowledged write survives a crash
        tandem.yaml:6:5: error: database.settings: 'innodb-flush-log-at-trx-commit' is not yours to set: it decides whether an acknowledged write survives a crash
        tandem.yaml:7:5: error: database.settings: 'LOOSE_Super-Read-Only' (mysqld may take it for super_read_only) is not yours to set: a server starts closed, and only its agent opens it
        tandem.yaml:8:5: error: database.settings: 'skip_networking' is not yours to set: Tandem gives out addresses and ports
        tandem.yaml:9:5: error: database.settings: 'x.read_only' (mysqld may take it for read_only) is not yours to set: a server starts closed, and only its agent opens it
        tandem.yaml:10:5: error: database.settings: 'datad' (mysqld may take it for datadir) is not yours to set: Tandem lays out the server's files
        tandem.yaml:11:5: error: database.settings: 'plugin_load_add' is not yours to set: it would run what is not the stack's, or keep the server from running at all
        tandem.yaml:12:5: error: database.settings: 'require_secure_transport' is not yours to set: every connection is encrypted with the stack's own certificates
        tandem.yaml:13:5: error: database.settings: 'autocommit' is not yours to set: the agents' own statements rest on its default
        """#),
    Golden(
        "Names of settings",
        #"""
        stack: shop
        app: {run: x}
        database: {settings: {"a b": 1, "[client]": 1, "!include": /etc/passwd}}
        """#,
        #"""
        tandem.yaml:3:23: error: database.settings: expected the name of a mysqld setting, such as max_connections, found 'a b'
        tandem.yaml:3:33: error: database.settings: expected the name of a mysqld setting, such as max_connections, found '[client]'
        tandem.yaml:3:48: error: database.settings: expected the name of a mysqld setting, such as max_connections, found '!include'
        """#),
    Golden(
        "Values of settings",
        #"""
        stack: shop
        app: {run: x}
        database:
          settings:
            sql_mode: "ANSI\nskip_grant_tables"
            init_connect: "SET x # y"
            lc_time_names: [a]
            event_scheduler:
            local_infile: yes
            default_time_zone: "'+00:00'"
            wsrep_name: a"b'c
        """#,
        #"""
        tandem.yaml:5:5: error: database.settings: sql_mode: expected one line of at most 1000 ASCII characters, found 'ANSI\nskip_grant_tables'
        tandem.yaml:6:5: error: database.settings: init_connect: expected a value without '#', which an option file cannot carry
        tandem.yaml:7:5: error: database.settings: lc_time_names: expected one value, found a list
        tandem.yaml:8:5: error: database.settings: event_scheduler: expected a value, found nothing; for a switch write on or off
        tandem.yaml:9:5: error: database.settings: local_infile: mysqld does not know 'yes'; write on or off, or put quotes around it
        tandem.yaml:10:5: error: database.settings: default_time_zone: expected a value that begins with no quote and has no blanks around it, found ''+00:00''
        tandem.yaml:11:5: error: database.settings: wsrep_name: expected a value with single or double quotation marks, not both, found 'a"b'c'
        """#),
    Golden(
        "A setting in two spellings",
        #"""
        stack: shop
        app: {run: x}
        database: {settings: {max_connections: 1, max-connections: 2}}
        """#,
        #"""
        tandem.yaml:3:43: error: database.settings: 'max_connections' is here twice; first in line 3
        """#),
]
