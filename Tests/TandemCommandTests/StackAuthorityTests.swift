import Foundation
import TandemAgent
import TandemPKI
import TandemStack
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("What a stack's account hands to root as its certificate authority")
struct StackAuthorityTests {
    private func authority(
        of stack: String, for domains: [String], addresses: [String] = []
    ) throws -> StackAuthority {
        let scope = CertificateScope(
            domains: domains,
            networks: try [.init("127.0.0.0", prefix: 8), .init("::1")]
                + addresses.map { try .init($0) })
        let made = try CertificateAuthority(stack: stack, scope: scope, now: Date())
        return StackAuthority(
            stack: stack, certificate: try made.anchor(scope: scope, last: nil, now: Date()), owner: 1000)
    }

    @Test("is believed for the names by which the parts of that stack know each other, and for this machine's")
    func own() throws {
        let given = try authority(
            of: "shop", for: [Stack.internalDomain(stack: "shop"), "localhost", "shop.localhost"])
        #expect(try given.checked(of: nil).certificate != nil)
    }

    @Test(
        "is refused for names that networks and clouds give to hosts, whatever the stack is called",
        arguments: ["google.internal", "internal", "metadata.google.internal", "other.tandem.internal", "google.com"])
    func foreign(domain: String) throws {
        let given = try authority(of: "google", for: [Stack.internalDomain(stack: "google"), "localhost", domain])
        #expect(throws: Failure.self) { try given.checked(of: nil) }
    }

    @Test("is believed for a real domain only where root's own stack file names it")
    func domain() throws {
        let given = try authority(of: "shop", for: ["localhost", "shop.example"])
        #expect(throws: Failure.self) { try given.checked(of: nil) }
        #expect(throws: Failure.self) { try given.checked(of: own("example")) }
        #expect(try given.checked(of: own("shop.example")).certificate != nil)
    }

    private func own(_ domain: String, front: Front? = nil) -> Stack {
        var stack = Sample.applied().stack
        stack.domain = domain
        stack.front = front
        return stack
    }

    @Test("is believed for addresses of other machines only where root's own stack file names them, one by one")
    func addresses() throws {
        let given = try authority(of: "shop", for: ["localhost"], addresses: ["192.168.1.20"])
        #expect(throws: Failure.self) { try given.checked(of: nil) }
        #expect(throws: Failure.self) { try given.checked(of: own("localhost")) }
        #expect(throws: Failure.self) { try given.checked(of: own("localhost", front: Front(listen: "192.168.1.21"))) }
        #expect(try given.checked(of: own("localhost", front: Front(listen: "192.168.1.20"))).certificate != nil)
        let moving = Front(addresses: [MovingAddress(address: "192.168.1.20")])
        #expect(try given.checked(of: own("localhost", front: moving)).certificate != nil)
    }

    @Test("is refused with what can be done about it, by its user, or by root whose stack file has changed since")
    func remedies() throws {
        func refusal(_ given: StackAuthority, _ own: Stack?) -> String {
            do {
                _ = try given.checked(of: own)
                return "nothing was refused"
            } catch {
                return (error as? Failure)?.message ?? "\(error)"
            }
        }
        let address = try authority(of: "shop", for: ["localhost"], addresses: ["192.168.1.20"])
        let domain = try authority(of: "shop", for: ["localhost", "shop.example"])
        for (given, foreign) in [(address, "192.168.1.20"), (domain, "shop.example")] {
            let message = refusal(given, nil)
            #expect(message.contains("may sign for \(foreign), and the stack file is not root's"))
            #expect(message.hasSuffix("In your own browsers, as that user: tandem trust"))
            #expect(refusal(given, own("localhost")).contains("which the stack file does not name"))
        }
        #expect(refusal(address, own("localhost")).hasSuffix("is made by: tandem up"))
        #expect(refusal(domain, own("localhost")).hasSuffix("is made by: tandem down, tandem up"))
    }

    @Test(
        "is refused under a name that could be a path, or that no stack has",
        arguments: ["", "../shop", "a/b", "shop\n", "Shop", "sh\u{f6}p", String(repeating: "a", count: 64)])
    func name(stack: String) throws {
        var given = try authority(of: "shop", for: ["localhost"])
        given.stack = stack
        #expect(throws: Failure.self) { try given.checked(of: nil) }
    }
}
