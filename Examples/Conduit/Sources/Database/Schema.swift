import Logging
import MySQLConnector

/// The tables, made at the start if they are not there. Any number of instances may start at the same time.
enum Schema {
    private static let statements = [
        // `tags` holds the tags line by line, in their order, so that a list of articles is one plain SELECT.
        """
        CREATE TABLE IF NOT EXISTS article (
            id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
            slug VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            title VARCHAR(255) NOT NULL,
            description VARCHAR(1000) NOT NULL,
            body MEDIUMTEXT NOT NULL,
            tags VARCHAR(1100) COLLATE utf8mb4_0900_bin NOT NULL,
            author VARCHAR(255) NOT NULL,
            created_at DATETIME(6) NOT NULL,
            updated_at DATETIME(6) NOT NULL,
            UNIQUE KEY article_slug (slug)
        ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
        """,
        // The tags again, for finding articles by one. Collated by bytes: “Go” and “go” are two tags.
        """
        CREATE TABLE IF NOT EXISTS article_tag (
            article_id BIGINT UNSIGNED NOT NULL,
            tag VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
            PRIMARY KEY (article_id, tag),
            KEY article_tag_tag (tag, article_id),
            FOREIGN KEY (article_id) REFERENCES article (id) ON DELETE CASCADE
        ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
        """,
    ]

    /// Tries until the database answers, at most for `patience`.
    static func prepare(_ configuration: MySQLConfiguration, patience: Duration, logger: Logger) async throws {
        let deadline = ContinuousClock.now + patience
        var wait = Duration.milliseconds(100)
        while true {
            do {
                return try await create(configuration, logger: logger)
            } catch {
                guard isWorthWaiting(for: error), ContinuousClock.now + wait < deadline else {
                    throw StartFailure(server: "\(configuration)", patience: patience, cause: error)
                }
                logger.warning("The database is not ready yet; trying again", metadata: ["error": "\(error)"])
                try await Task.sleep(for: wait)
                wait = min(wait * 2, .seconds(2))
            }
        }
    }

    private static func create(_ configuration: MySQLConfiguration, logger: Logger) async throws {
        let connection = try await MySQLConnection.connect(configuration, logger: logger)
        do {
            let lock = try await connection.query("SELECT GET_LOCK('conduit.schema', 20)")
            guard lock[0][0] == .int(1) else {
                throw MySQLError(
                    code: .queryTimeout, message: "another instance is making the tables, for more than 20 s")
            }
            for statement in statements { _ = try await connection.execute(statement) }
            // The lock ends with the session.
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// A refused log-in or a wrong statement does not mend itself; a server that starts, or is read-only until it knows
    /// its role, does.
    private static func isWorthWaiting(for error: any Error) -> Bool {
        guard let error = error as? MySQLError else { return false }
        if error.code == .invalidConfiguration { return false }
        let hopeless = [1044, 1045, 1049, 1064, 1142]
        return error.serverErrorNumber.map { !hopeless.contains($0) } ?? true
    }
}

struct StartFailure: Error, CustomStringConvertible {
    var server: String
    var patience: Duration
    var cause: any Error

    var description: String {
        "the tables could not be made at \(server), tried for up to \(patience): \(cause). Check DATABASE_URL and that the primary accepts writes."
    }
}
