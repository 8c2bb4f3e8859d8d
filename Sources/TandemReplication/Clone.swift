public import MySQLConnector

/// Copies the primary's data with MySQL's clone plugin.
///
/// The copy goes into a folder of its own (`DATA DIRECTORY`), because the in-place form is refused on a read-only
/// server and ends by stopping the server.
public struct Clone: Sendable {
    public var donorAddress: String
    public var donorPort: Int
    public var password: String
    /// The folder that the copy is written to; must not be there yet.
    public var dataFolder: String

    public init(donorAddress: String, donorPort: Int, password: String, dataFolder: String) {
        self.donorAddress = donorAddress
        self.donorPort = donorPort
        self.password = password
        self.dataFolder = dataFolder
    }

    /// - Parameter connection: as root, to any server on this host that has the clone plugin.
    public func run(_ connection: MySQLConnection) async throws {
        for statement in statements {
            try await connection.execute(statement)
        }
    }

    var statements: [String] {
        [
            "SET GLOBAL clone_valid_donor_list = \(SQLText.literal("\(donorAddress):\(donorPort)"))",
            """
            CLONE INSTANCE FROM \(SQLText.literal(DatabaseUser.clone))@\(SQLText.literal(donorAddress)):\(donorPort) \
            IDENTIFIED BY \(SQLText.literal(password)) DATA DIRECTORY = \(SQLText.literal(dataFolder)) REQUIRE SSL
            """,
        ]
    }
}
