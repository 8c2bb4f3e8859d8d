import Crypto
import Foundation
import TandemMySQL

/// Seals session tokens, so that a client can carry them but not make them up.
///
/// The text is `EXPIRY.TOKEN.SIGNATURE`: seconds since 1970, the token and an HMAC-SHA256 of both, each in base64url
/// where it needs it. It says nothing secret: a counter of the database.
public struct SessionTokenSigner: Sendable {
    /// A key that cannot be used.
    public struct InvalidKey: Error, CustomStringConvertible {
        public let description: String
    }

    static let longestBytes = 2048
    private let key: SymmetricKey
    /// How long a token matters: every replica that serves reads is closer behind than this.
    let lifetime: Duration

    /// - Parameters:
    ///   - key: the same for all instances of the application, at least 32 bytes.
    ///   - lifetime: longer than ``MySQLClusterConfiguration/maximumLag``.
    public init(key: some Collection<UInt8>, lifetime: Duration = .seconds(120)) throws {
        guard key.count >= 32 else {
            throw InvalidKey(description: "the session key has \(key.count) bytes; expected at least 32")
        }
        self.key = SymmetricKey(data: Array(key))
        self.lifetime = lifetime
    }

    /// A key of this process's own: what it seals, no other instance opens.
    public init(lifetime: Duration = .seconds(120)) {
        key = SymmetricKey(size: .bits256)
        self.lifetime = lifetime
    }

    /// Takes the key from `TANDEM_SESSION_KEY`, as a Tandem stack gives it to its app.
    public init(
        environment: [String: String], lifetime: Duration = .seconds(120)
    ) throws {
        guard let text = environment["TANDEM_SESSION_KEY"], !text.isEmpty else {
            throw InvalidKey(description: "TANDEM_SESSION_KEY is not set; expected at least 32 bytes")
        }
        try self.init(key: text.utf8, lifetime: lifetime)
    }

    func seal(_ token: MySQLSessionToken, now: Date = Date()) -> String {
        let expiry = Int(now.timeIntervalSince1970) + Int(lifetime / .seconds(1))
        let payload = "\(expiry).\(base64URL(Data(token.description.utf8)))"
        return "\(payload).\(base64URL(Data(signature(of: payload))))"
    }

    /// - Returns: `nil` for what was not sealed with this key, or too long ago.
    func open(_ text: String, now: Date = Date()) -> MySQLSessionToken? {
        guard text.utf8.count <= Self.longestBytes, let dot = text.lastIndex(of: ".") else { return nil }
        let payload = text[..<dot]
        guard let given = data(base64URL: text[text.index(after: dot)...]),
            HMAC<SHA256>.isValidAuthenticationCode(
                given, authenticating: Data(payload.utf8), using: key)
        else { return nil }
        let parts = payload.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let expiry = Int(parts[0]), now.timeIntervalSince1970 <= Double(expiry),
            let token = data(base64URL: parts[1])
        else { return nil }
        return MySQLSessionToken(String(decoding: token, as: UTF8.self))
    }

    private func signature(of payload: String) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Data(payload.utf8), using: key)
    }

    private func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private func data(base64URL text: Substring) -> Data? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
    }
}
