import NIOSSL

/// TLS between the parts of one stack: both sides show a certificate of the stack's CA.
enum AgentTLS {
    /// For the agent's own server. Health checks by anything come without a certificate; one that is shown has to be
    /// good. `AgentAPI` looks whether there was one.
    static func server(certificate: String, key: String, ca: String) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try chain(certificate), privateKey: .privateKey(try privateKey(key)))
        configuration.trustRoots = .file(ca)
        configuration.certificateVerification = .optionalVerification
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    }

    static func client(certificate: String, key: String, ca: String) throws -> TLSConfiguration {
        var configuration = client(ca: ca)
        configuration.certificateChain = try chain(certificate)
        configuration.privateKey = .privateKey(try privateKey(key))
        return configuration
    }

    /// For what needs no certificate.
    static func client(ca: String) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(ca)
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    }

    private static func chain(_ file: String) throws -> [NIOSSLCertificateSource] {
        try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
    }

    private static func privateKey(_ file: String) throws -> NIOSSLPrivateKey {
        try NIOSSLPrivateKey(file: file, format: .pem)
    }
}
