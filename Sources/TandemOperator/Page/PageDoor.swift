import Crypto
import Foundation
import TandemPKI

/// Who may see the live page: whoever comes with the link's token, once, and from then on with the cookie that was
/// given for it.
struct PageDoor: Sendable {
    private let port: Int
    private let token = Self.secret()
    private let session = Self.secret()
    private var isUsed = false

    init(port: Int) { self.port = port }

    /// 256 bits of the kernel's.
    private static func secret() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { $0.hexadecimal }
    }

    var link: String { "http://127.0.0.1:\(port)/?token=\(token)" }

    /// Cookies are the same for all ports of an address, so the port is part of the name.
    private var cookieName: String { "tandem_page_\(port)" }

    /// A page elsewhere that has its own name point to this address (DNS rebinding) calls by that name.
    func knows(authority: String?) -> Bool { authority == "127.0.0.1:\(port)" || authority == "localhost:\(port)" }

    /// - Returns: the cookie to set; nil: the token is wrong, or was used before.
    mutating func enter(token given: String) -> String? {
        guard !isUsed, Self.areEqual(given, token) else { return nil }
        isUsed = true
        return "\(cookieName)=\(session); HttpOnly; SameSite=Strict; Path=/"
    }

    /// - Parameter cookies: as the request's header has them.
    func admits(cookies: String?) -> Bool {
        (cookies ?? "").split(separator: ";").contains { pair in
            let parts = pair.split(separator: "=", maxSplits: 1)
            return parts.count == 2 && parts[0].trimmingCharacters(in: .whitespaces) == cookieName
                && Self.areEqual(String(parts[1]), session)
        }
    }

    /// In a time that tells nothing of where they differ.
    private static func areEqual(_ one: String, _ other: String) -> Bool {
        SHA256.hash(data: Data(one.utf8)) == SHA256.hash(data: Data(other.utf8))
    }
}
