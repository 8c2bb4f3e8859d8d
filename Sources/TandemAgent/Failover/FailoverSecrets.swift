import Crypto
import Foundation
import TandemPKI
import TandemReplication

/// The passwords of the failover's own accounts. They follow from those that every data host has anyway: so a stack
/// whose secrets were made before there was a failover has them, and a host that comes later does, too.
struct FailoverSecrets: Sendable {
    let secrets: DatabaseSecrets

    var agent: String { derived(from: secrets.root, "tandem_agent") }
    var closer: String { derived(from: secrets.root, "tandem_closer") }

    /// Of the account with which a host replicates. MySQL takes at most 32 characters.
    func replication(_ host: String) -> String { derived(from: secrets.replication, "tandem_replication \(host)") }

    /// 128 bits of HMAC-SHA256 (RFC 2104) in hexadecimal: one derived password reveals neither the secret nor another
    /// derived password.
    private func derived(from secret: String, _ purpose: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(purpose.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return code.prefix(16).hexadecimal
    }
}
