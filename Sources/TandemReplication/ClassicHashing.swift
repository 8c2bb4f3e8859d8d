public import MySQLConnector

/// MD5() and SHA1(), which MySQL 9 has in a component of its own. Without it they are unknown functions.
///
/// Components are not replicated: each server has its own list of them, which a copy takes over.
public enum ClassicHashing {
    /// In `plugin_dir`; servers that know the functions themselves do not have it.
    public static let library = "component_classic_hashing.so"
    private static let name = "file://component_classic_hashing"

    /// For data in the making, where no component can be loaded yet: the server's next start loads it.
    public static let entry = "INSERT INTO mysql.component VALUES (1, 1, '\(name)')"

    /// - Parameter connection: as root; to a server that is read-only, closed to ordinary clients.
    public static func install(_ connection: MySQLConnection) async throws {
        let isMissing = "SELECT COUNT(*) = 0 FROM mysql.component WHERE component_urn = '\(name)'"
        guard try await connection.first(isMissing, as: Int.self) == 1 else { return }
        let isReadOnly = try await connection.first("SELECT @@GLOBAL.super_read_only", as: Int.self) == 1
        // read_only stays, so that nobody but an administrator could write meanwhile.
        if isReadOnly { try await connection.execute("SET GLOBAL super_read_only = OFF") }
        do {
            try await connection.execute("INSTALL COMPONENT '\(name)'")
        } catch {
            if isReadOnly { try await connection.execute("SET GLOBAL super_read_only = ON") }
            throw error
        }
        if isReadOnly { try await connection.execute("SET GLOBAL super_read_only = ON") }
    }
}
