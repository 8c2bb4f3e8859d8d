import TandemStack

extension Site {
    /// Where the app finds the database: as one URL, and in parts. All of it leads to this host's router.
    var databaseVariables: [String: EnvironmentValue] {
        let database = stack.database
        return variables(
            prefix: "DATABASE", user: database.appUser, secret: "database.app", port: Ports.routerWrite
        ).merging(
            variables(
                prefix: "DATABASE_READ", user: database.appReadUser, secret: "database.app_read",
                port: Ports.routerRead)
        ) { own, _ in own }
    }

    private func variables(prefix: String, user: String, secret: String, port: Int) -> [String: EnvironmentValue] {
        [
            "\(prefix)_URL": url(user: user, secret: secret, port: port),
            "\(prefix)_HOST": EnvironmentValue(host.loopbackAddress),
            "\(prefix)_PORT": EnvironmentValue(String(port)),
            "\(prefix)_NAME": EnvironmentValue(stack.database.name),
            "\(prefix)_USER": EnvironmentValue(user),
            "\(prefix)_PASSWORD": EnvironmentValue([.secret(secret)]),
        ]
    }

    /// The password is filled in as it is, so it must be made of characters that mean nothing in a URL.
    private func url(user: String, secret: String, port: Int) -> EnvironmentValue {
        let form = stack.database.url
        let path = percentEncoded(stack.database.name)
        let parameters = form.parameters(ca: percentEncoded(layout.publicCAFile))
        return EnvironmentValue([
            .text("\(form.scheme)://\(percentEncoded(user)):"),
            .secret(secret),
            .text("@\(host.loopbackAddress):\(port)/\(path)?\(parameters)"),
        ])
    }
}

extension Database.URLForm {
    var scheme: String {
        switch self {
        case .pymysql: "mysql"
        default: rawValue
        }
    }

    /// What makes the client check the server's certificate. Each was tried with the real client, also against another
    /// CA; any parameter that a client does not know is an error to most.
    func parameters(ca: String) -> String {
        switch self {
        // In MySQL's own URIs a CA without a mode asks for VERIFY_CA.
        case .mysql: "ssl-ca=\(ca)"
        case .sqlAlchemyPyMySQL, .sqlAlchemyMySQLdb, .sqlAlchemyAsyncmy: "ssl_ca=\(ca)"
        // Both encrypt without it, and check nothing.
        case .sqlAlchemyConnector, .pymysql: "ssl_ca=\(ca)&ssl_verify_cert=true"
        case .mysql2: "sslca=\(ca)"
        }
    }
}

/// A part of a URL: RFC 3986's unreserved characters and `/` as they are.
func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "/"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let hex = String(byte, radix: 16, uppercase: true)
            encoded += "%" + (hex.count == 1 ? "0" : "") + hex
        }
    }
    return encoded
}
