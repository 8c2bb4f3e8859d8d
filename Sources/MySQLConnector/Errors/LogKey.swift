/// The names of what log lines of this library carry.
enum LogKey {
    static let connectionID = "mysql_connection_id"
    static let server = "mysql_server"
    static let statement = "mysql_statement"
    static let error = "mysql_error"
}
