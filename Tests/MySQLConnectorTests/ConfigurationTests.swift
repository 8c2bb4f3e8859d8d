import Testing

@testable import MySQLConnector

@Suite("Configuration")
struct ConfigurationTests {
    @Test("a URL gives every part, percent-decoded")
    func everything() throws {
        let configuration = try MySQLConfiguration(
            url: "mysql://us%40er:p%3Aa%2Fs%25s@db.example:3307/sh%20op?ssl-mode=VERIFY_CA&ssl-ca=/etc/my%20ca.pem")
        #expect(
            configuration.username == "us@er" && configuration.password == "p:a/s%s"
                && configuration.database == "sh op")
        #expect(configuration.address == .tcp(host: "db.example", port: 3307))
        #expect(configuration.tls == .require(caFile: "/etc/my ca.pem", verifyServerName: false))
        #expect("\(configuration)" == "us@er@db.example:3307/sh op")
    }

    @Test(
        "what is left out has a safe default",
        arguments: [
            ("mysql://u@h", MySQLConfiguration.TLS.require(caFile: nil, verifyServerName: false)),
            ("mysql://u@h?ssl-ca=/ca", .require(caFile: "/ca", verifyServerName: true)),
            ("mysql://u@h/?ssl-mode=disabled", .disable),
            ("mysql://u@h/d?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca", .require(caFile: "/ca", verifyServerName: true)),
            ("mysql://u@h/d?socket=/run/s", .disable),
        ])
    func defaults(url: String, tls: MySQLConfiguration.TLS) throws {
        let configuration = try MySQLConfiguration(url: url)
        #expect(configuration.tls == tls)
        #expect(configuration.address == (url.contains("socket") ? .unixSocket("/run/s") : .tcp(host: "h", port: 3306)))
        #expect(configuration.password.isEmpty && configuration.database == (url.contains("/d") ? "d" : nil))
    }

    @Test("an IPv6 address loses its brackets")
    func addressOfSixteenBytes() throws {
        #expect(try MySQLConfiguration(url: "mysql://u@[::1]:3306/d").address == .tcp(host: "::1", port: 3306))
    }

    @Test(
        "a URL that cannot be used says why, and never the password",
        arguments: [
            ("postgres://u:hunter2@h/d", "scheme"), ("mysql://h/d", "user"), ("mysql://u:hunter2@/d", "host"),
            ("mysql://u:hunter2@h/d?ssl=1", "“ssl”"), ("mysql://u:hunter2@h/d?ssl-mode=PREFERRED", "PREFERRED"),
            ("mysql://u:hunter2@h/d?ssl-mode=VERIFY_CA", "ssl-ca"),
            ("mysql://u:hunter2@h/d?ssl-mode=REQUIRED&ssl-ca=/ca", "no effect"),
            ("mysql://u:hunter2@h/d?socket=s", "absolute"), ("mysql://u:hunter2@h/d/e", "%2F"),
            ("mysql://u:hunter2@h:99999/d", "99999"),
            ("mysql://u:hunter2@h/d?socket=/a&socket=/b", "twice"), ("mysql://u:hunter2@h/d#x", "%23"),
            ("mysql://u:hunter2@h:port/d", "URL"),
            ("", "scheme"),
        ])
    func refusals(url: String, word: String) {
        let error = #expect(throws: MySQLError.self) { try MySQLConfiguration(url: url) }
        #expect(error?.code == .invalidConfiguration)
        #expect(says(error, word) && !String(reflecting: error).contains("hunter2"))
    }

    @Test(
        "statements that may leave something in their session are known",
        arguments: [
            ("SELECT 1", SessionEffect.none), ("  (select a from b)", .none), ("INSERT INTO t VALUES (?)", .none),
            ("WITH a AS (SELECT 1) SELECT 2", .none),
            ("SELECT @@report_host", .none), ("COMMIT", .none), ("CREATE TABLE t (id INT)", .none),
            ("SET @a = 1", .possible), ("SELECT get_lock('a', 1)", .possible), ("SELECT 1 INTO\n@a", .possible),
            ("SELECT @a := 1", .possible),
            ("LOCK TABLES t READ", .possible), ("CREATE TEMPORARY TABLE t (id INT)", .possible),
            ("CALL p()", .possible), ("USE other", .possible),
            ("/* SELECT */ SET a = 1", .possible), ("", .possible),
        ])
    func sessionEffects(sql: String, effect: SessionEffect) {
        #expect(SessionEffect(of: sql) == effect, "\(sql)")
    }
}
