import Foundation
import TandemPKI
import TandemServices

/// Where a certificate and its key lie.
enum CertificateFiles {
    case pair(certificate: String, key: String)
    /// Both in one file.
    case bundle(String)

    var paths: [String] {
        switch self {
        case .pair(let certificate, let key): [certificate, key]
        case .bundle(let path): [path]
        }
    }

    /// Empty texts where there is nothing to read.
    func read() -> IssuedCertificate {
        switch self {
        case .pair(let certificate, let key):
            IssuedCertificate(certificatePEM: Self.text(certificate) ?? "", keyPEM: Self.text(key) ?? "")
        case .bundle(let path): IssuedCertificate(bundle: Self.text(path) ?? "")
        }
    }

    func write(_ issued: IssuedCertificate) throws {
        switch self {
        case .pair(let certificate, let key):
            try AtomicFile.write(issued.certificatePEM, to: certificate, mode: 0o600)
            try AtomicFile.write(issued.keyPEM, to: key, mode: 0o600)
        case .bundle(let path): try AtomicFile.write(issued.bundle, to: path, mode: 0o600)
        }
    }

    /// By a call that does not throw: in an optimised build the compiler (6.3) lets the error of a `try?` here out of
    /// the function that calls `read`, which ends the first `up` of a stack.
    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
