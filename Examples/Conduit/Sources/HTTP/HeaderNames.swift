import HTTPTypes

extension HTTPField.Name {
    static let servedBy = known("X-Served-By")
    /// The database server that the last read came from.
    static let readFrom = known("X-Database-Server")
    /// The balancer that passed the request on.
    static let balancer = known("X-Tandem-Balancer")
    /// The web server that did.
    static let web = known("X-Tandem-Web")

    /// For names that are valid at sight.
    private static func known(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .server }
}
