public import MySQLConnector

/// The statements that fill MySQL's time zone tables, as its own mysql_tzinfo_to_sql would, which is in no package
/// beside the server's.
public struct TimeZoneTables: Sendable {
    /// Zones by name. What the same file stands for under several names is held once.
    public var zones: [(names: [String], file: TimeZoneFile)]

    public init(zones: [(names: [String], file: TimeZoneFile)]) { self.zones = zones }

    /// Whether the server knows no zone by name.
    public static func areMissing(_ connection: MySQLConnection) async throws -> Bool {
        try await connection.first("SELECT COUNT(*) = 0 FROM mysql.time_zone_name", as: Int.self) == 1
    }

    /// mysqld reads lines of up to 20,000 bytes when it initialises data.
    private static let statementBytes = 15_000

    /// One transaction; each statement is one line. It replaces what was there.
    public var statements: [String] {
        var rows: [String: [String]] = [:]
        for (index, zone) in zones.enumerated() {
            let id = index + 1
            rows["time_zone", default: []].append("(\(id),'N')")
            rows["time_zone_name", default: []] += zone.names.map { "(\(SQLText.literal($0)),\(id))" }
            rows["time_zone_transition", default: []] += zone.file.transitions.map { "(\(id),\($0.time),\($0.kind))" }
            rows["time_zone_transition_type", default: []] += zone.file.kinds.enumerated().map { number, kind in
                let name = SQLText.literal(kind.abbreviation)
                return "(\(id),\(number),\(kind.offsetSeconds),\(kind.isDaylightSaving ? 1 : 0),\(name))"
            }
        }
        let deletions = Self.tables.map { "DELETE FROM mysql.\($0.name)" }
        let insertions = Self.tables.flatMap { table in
            Self.chunks(of: rows[table.name] ?? []).map {
                "INSERT INTO mysql.\(table.name) (\(table.columns)) VALUES \($0)"
            }
        }
        return ["START TRANSACTION"] + deletions + insertions + ["COMMIT"]
    }

    private static let tables: [(name: String, columns: String)] = [
        ("time_zone", "Time_zone_id,Use_leap_seconds"),
        ("time_zone_name", "Name,Time_zone_id"),
        ("time_zone_transition", "Time_zone_id,Transition_time,Transition_type_id"),
        ("time_zone_transition_type", "Time_zone_id,Transition_type_id,`Offset`,Is_DST,Abbreviation"),
    ]

    private static func chunks(of rows: [String]) -> [String] {
        var chunks: [String] = []
        for row in rows {
            if let last = chunks.last, last.utf8.count + row.utf8.count < statementBytes {
                chunks[chunks.count - 1] += ",\(row)"
            } else {
                chunks.append(row)
            }
        }
        return chunks
    }
}
