import TandemStack

/// The names that a request may be for (its `Host`, without the port). For all others the answer is 421, so that no app
/// builds links, or mails with links, from a name of a stranger's choice.
///
/// With a domain of its own, a stack's names are those of the front's certificate: the domain, `localhost`, and the
/// addresses of the balancers and of the front. A stack whose domain is `localhost` is somebody's who tries things: it
/// also goes by every address and every name that nobody can register, such as `shop.test` or the machine's own. A page
/// of a stranger who lets a name of theirs lead to 127.0.0.1 (DNS rebinding) thus gets nothing.
struct FrontNames {
    let stack: Stack

    /// A name that only this machine can mean: no lasting promises to browsers, which would hit the next project that
    /// is tried on the same port.
    var isLocal: Bool { stack.domain == "localhost" || stack.domain.hasSuffix(".localhost") }

    var known: [String] {
        ([stack.domain, "localhost"] + stack.hosts(.balancer).map(\.address) + stack.frontAddresses.map(\.address)
            + [stack.shownAddress, "127.0.0.1"].compactMap(\.self)).uniqued
    }

    /// Single labels, names under the top-level domains that are reserved or not given out, and addresses.
    private static let unregistered =
        "^([a-z0-9_-]+|([a-z0-9_-]+[.])+(localhost|test|internal|local|localdomain|lan|home[.]arpa)|[0-9.]+|\\[[0-9a-f:.]+\\])$"

    func rules() throws(BlueprintError) -> String {
        let isKnown = "{ var(txn.name) -m str \(known.joined(separator: " ")) }"
        var expectation = stack.domain
        var condition = isKnown
        if isLocal {
            condition += " || { var(txn.name) -m reg \(try HAProxySyntax.word(Self.unregistered)) }"
            expectation += ", this machine's other names and its addresses"
        }
        return """
            # Names that are not this stack's. [domain]
            http-request return status 421 content-type text/plain string "This server answers for \(expectation). The domain in the stack file is the name that it goes by.\\n" unless \(condition)
            """
    }
}
