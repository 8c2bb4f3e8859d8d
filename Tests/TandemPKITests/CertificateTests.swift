import Foundation
import SwiftASN1
import TandemPKI
import Testing

/// A certificate authority and OpenSSL to judge what it makes.
final class Bench: Sendable {
    let authority: CertificateAuthority
    let folder: String
    let now = Date()

    init(stack: String = "shop", now: Date = Date()) throws {
        authority = try CertificateAuthority(stack: stack, scope: .sample, now: now)
        folder = "/tmp/tandem-pki-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try write(authority.anchor(scope: .sample, last: nil, now: now), "ca.pem")
        try write(authority.certificatePEM, "inner-ca.pem")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ text: String, _ name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }

    func openssl(_ arguments: [String]) throws -> (isFine: Bool, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus == 0, output)
    }

    /// Whether OpenSSL takes a certificate, as strictly as it can.
    func verifies(_ issued: IssuedCertificate, _ options: [String] = []) throws -> Bool {
        try write(issued.certificatePEM, "cert.pem")
        return try ["ca.pem", "inner-ca.pem"].allSatisfy {
            try openssl(["verify", "-x509_strict", "-CAfile", $0] + options + ["cert.pem"]).isFine
        }
    }
}

extension CertificateScope {
    static let sample = CertificateScope(
        domains: ["shop.internal", "localhost", "shop.example", "server1"],
        networks: [network("127.0.0.0", 8), network("fd00::", 16)])

    static func network(_ text: String, _ prefix: Int) -> Network {
        do { return try Network(text, prefix: prefix) } catch { fatalError("\(error)") }
    }
}

private func request(
    _ name: String = "server1", _ kind: CertificateIdentity.Kind = .agent,
    names: [String] = ["server1", "app.shop.internal"],
    addresses: [String] = ["127.1.2.3", "fd00::7"]
) throws -> CertificateRequest {
    try CertificateRequest(
        CertificateIdentity(stack: "shop", kind: kind, host: "server1"), commonName: name, names: names,
        addresses: addresses)
}

@Suite("A certificate of the stack's authority")
struct CertificateTests {
    @Test("is good for the names and addresses that were asked for")
    func names() throws {
        let bench = try Bench()
        let issued = try bench.authority.issue(request(), now: bench.now)
        for options in [
            ["-verify_hostname", "server1"], ["-verify_hostname", "app.shop.internal"], ["-verify_ip", "127.1.2.3"],
            ["-verify_ip", "fd00::7"],
        ] {
            #expect(try bench.verifies(issued, options), "\(options)")
        }
    }

    @Test("is good for no others")
    func otherNames() throws {
        let bench = try Bench()
        let issued = try bench.authority.issue(request(), now: bench.now)
        for options in [
            ["-verify_hostname", "server2"], ["-verify_hostname", "shop.internal"], ["-verify_ip", "127.1.2.4"],
            ["-verify_ip", "fd00::8"], ["-verify_hostname", "x.app.shop.internal"],
        ] {
            #expect(try !bench.verifies(issued, options), "\(options)")
        }
    }

    @Test("serves as a server's and as a client's where its kind is both, and else as one of them")
    func purposes() throws {
        let bench = try Bench()
        for kind in CertificateIdentity.Kind.allCases {
            let issued = try bench.authority.issue(request("server1", kind), now: bench.now)
            let isServers = ![.commandLine, .balancer, .storeClient].contains(kind)
            let isClients = ![.front, .database].contains(kind)
            #expect(try bench.verifies(issued, ["-purpose", "sslserver"]) == isServers, "\(kind)")
            #expect(try bench.verifies(issued, ["-purpose", "sslclient"]) == isClients, "\(kind)")
            #expect(try !bench.verifies(issued, ["-purpose", "smimesign"]))
        }
    }

    @Test("says whose it is in a name that nobody else chooses, whatever its other names are")
    func identity() throws {
        let bench = try Bench()
        for kind in CertificateIdentity.Kind.allCases {
            let asked = CertificateIdentity(stack: "shop", kind: kind, host: kind == .commandLine ? nil : "lb1")
            let issued = try bench.authority.issue(
                CertificateRequest(asked, commonName: "x", names: ["command-line.shop.internal", "agent.localhost"]),
                now: bench.now)
            let der = Array(try PEMDocument(pemString: issued.certificatePEM).derBytes)
            #expect(CertificateIdentity(ofDER: der) == asked)
            try bench.write(issued.certificatePEM, "cert.pem")
            // As nginx sees it.
            let subject = try bench.openssl(["x509", "-in", "cert.pem", "-noout", "-subject", "-nameopt", "RFC2253"])
            #expect(subject.output == "subject=CN=x,OU=\(kind.rawValue),O=Tandem\n")
        }
        #expect(
            CertificateIdentity(ofDER: Array(try PEMDocument(pemString: bench.authority.certificatePEM).derBytes))
                == nil)
        #expect(CertificateIdentity(ofDER: [1, 2, 3]) == nil)
    }

    @Test("belongs to its key, which is a new one each time")
    func key() throws {
        let bench = try Bench()
        let first = try bench.authority.issue(request(), now: bench.now)
        let second = try bench.authority.issue(request(), now: bench.now)
        #expect(first.keyPEM != second.keyPEM)
        try bench.write(first.keyPEM, "key.pem")
        try bench.write(first.certificatePEM, "cert.pem")
        let ofKey = try bench.openssl(["pkey", "-in", "key.pem", "-pubout"])
        let ofCertificate = try bench.openssl(["x509", "-in", "cert.pem", "-noout", "-pubkey"])
        #expect(ofKey.isFine && ofKey.output == ofCertificate.output)
    }

    @Test("is refused under another stack's authority of the same name")
    func otherAuthority() throws {
        let bench = try Bench()
        let other = try Bench()
        #expect(try !bench.verifies(other.authority.issue(request(), now: bench.now)))
    }

    @Test("is no authority itself")
    func noAuthority() throws {
        let bench = try Bench()
        let issued = try bench.authority.issue(request(), now: bench.now)
        let rogue = try CertificateAuthority(certificatePEM: issued.certificatePEM, keyPEM: issued.keyPEM)
        let leaf = try rogue.issue(request(names: ["bank.example"]), now: bench.now)
        try bench.write(issued.certificatePEM, "between.pem")
        #expect(try !bench.verifies(leaf, ["-untrusted", "between.pem"]))
    }

    @Test("is good a little before it was made, for clocks that go wrong, and for 397 days, as browsers want it")
    func time() throws {
        let bench = try Bench()
        let issued = try bench.authority.issue(request(), now: bench.now)
        func verifies(atDays days: Double) throws -> Bool {
            let time = Int(bench.now.timeIntervalSince1970 + days * 86400)
            return try bench.verifies(issued, ["-attime", "\(time)"])
        }
        #expect(try verifies(atDays: -0.03))
        #expect(try !verifies(atDays: -0.05))
        #expect(try verifies(atDays: 396.9))
        #expect(try !verifies(atDays: 397.1))
    }

    @Test("keeps to 64 characters in its common name, and to the whole domain in its names")
    func longDomain() throws {
        let bench = try Bench()
        let domain = String(repeating: "a23456789.", count: 20) + "shop.example"
        let issued = try bench.authority.issue(request(domain, names: [domain]), now: bench.now)
        #expect(try bench.verifies(issued, ["-verify_hostname", domain]))
        let subject = try bench.openssl(["x509", "-in", "cert.pem", "-noout", "-subject", "-nameopt", "multiline"])
        let common = subject.output.split(separator: "\n").last?.split(separator: "=").last.map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        #expect(common?.count == 64)
    }

    @Test(
        "is not asked for with something that is no address", arguments: ["server1", "1.2.3", "", "1.2.3.4.5", "::g"])
    func noAddress(_ text: String) throws {
        let error = #expect(throws: PKIError.self) { try request(addresses: [text]) }
        #expect(error?.description == "'\(text)' is not an IPv4 or IPv6 address")
    }
}

@Suite("A certificate that was made earlier")
struct RenewalTests {
    let bench: Bench
    let issued: IssuedCertificate

    init() throws {
        bench = try Bench()
        issued = try bench.authority.issue(request(), now: bench.now)
    }

    private func isKept(_ issued: IssuedCertificate, _ asked: CertificateRequest, days: Double = 0) -> Bool {
        bench.authority.accepts(issued, for: asked, now: bench.now.addingTimeInterval(days * 86400))
    }

    @Test("is kept, whatever the order in which the same names are asked for")
    func kept() throws {
        #expect(isKept(issued, try request()))
        #expect(
            isKept(
                issued,
                try request(
                    names: ["app.shop.internal", "server1", "server1"], addresses: ["fd00::7", "127.1.2.3"])))
    }

    @Test("is replaced when a name or an address comes or goes")
    func changedNames() throws {
        #expect(!isKept(issued, try request(names: ["server1"])))
        #expect(!isKept(issued, try request(names: ["server1", "app.shop.internal", "new"])))
        #expect(!isKept(issued, try request(addresses: ["127.1.2.3"])))
        #expect(!isKept(issued, try request(addresses: ["127.1.2.4", "fd00::7"])))
    }

    @Test("is replaced when it is to be used for something else")
    func changedUse() throws {
        #expect(!isKept(issued, try request("server1", .web)))
        let other = try CertificateRequest(
            CertificateIdentity(stack: "shop", kind: .agent, host: "server2"), commonName: "server1",
            names: ["server1", "app.shop.internal"], addresses: ["127.1.2.3", "fd00::7"])
        #expect(!isKept(issued, other))
    }

    @Test("is the same whether its parts lie in one file or in two")
    func bundle() throws {
        #expect(IssuedCertificate(bundle: issued.bundle) == issued)
        #expect(IssuedCertificate(bundle: "") == IssuedCertificate(certificatePEM: "", keyPEM: ""))
    }

    @Test("is replaced sixty days before it ends")
    func aging() throws {
        #expect(isKept(issued, try request(), days: 336.9))
        #expect(!isKept(issued, try request(), days: 337.1))
    }

    @Test("is replaced when it is not valid yet, because the clock was set back")
    func clockSetBack() throws {
        #expect(!isKept(issued, try request(), days: -1))
    }

    @Test("is replaced when its key is not its own, or either is damaged or missing")
    func damaged() throws {
        let other = try bench.authority.issue(request(), now: bench.now)
        #expect(!isKept(.init(certificatePEM: issued.certificatePEM, keyPEM: other.keyPEM), try request()))
        #expect(!isKept(.init(certificatePEM: "", keyPEM: ""), try request()))
        let half = String(issued.certificatePEM.prefix(issued.certificatePEM.count / 2))
        #expect(!isKept(.init(certificatePEM: half, keyPEM: issued.keyPEM), try request()))
        let middle = issued.keyPEM.index(issued.keyPEM.startIndex, offsetBy: 60)
        let scratched = issued.keyPEM.replacingCharacters(in: middle...middle, with: "*")
        #expect(!isKept(.init(certificatePEM: issued.certificatePEM, keyPEM: scratched), try request()))
    }

    @Test("is replaced when another authority signed it, even one of the same name")
    func otherAuthority() throws {
        let other = try Bench()
        #expect(!isKept(try other.authority.issue(request(), now: bench.now), try request()))
    }
}

@Suite("An authority that is taken up again")
struct AuthorityTests {
    @Test("signs what the first one's clients trust")
    func again() throws {
        let bench = try Bench()
        let again = try CertificateAuthority(
            certificatePEM: bench.authority.certificatePEM, keyPEM: bench.authority.keyPEM)
        #expect(try bench.verifies(again.issue(request(), now: bench.now), ["-verify_hostname", "server1"]))
        #expect(try again.certificatePEM == bench.authority.certificatePEM)
    }

    @Test("is an error when its key is another one's")
    func otherKey() throws {
        let bench = try Bench()
        let other = try Bench()
        let error = #expect(throws: PKIError.self) {
            try CertificateAuthority(certificatePEM: bench.authority.certificatePEM, keyPEM: other.authority.keyPEM)
        }
        #expect(error?.description == "the certificate authority's key does not belong to its certificate")
    }

    @Test(
        "is an error when it is damaged",
        arguments: ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func damaged(_ pem: String) throws {
        let bench = try Bench()
        #expect(throws: (any Error).self) {
            try CertificateAuthority(certificatePEM: pem, keyPEM: bench.authority.keyPEM)
        }
    }

    @Test("tells whose it is, and may not make further authorities")
    func certificate() throws {
        let bench = try Bench(stack: "blue")
        let text = try bench.openssl(["x509", "-in", "ca.pem", "-noout", "-text"]).output
        #expect(text.contains("Subject: O = Tandem, CN = Tandem CA of the stack blue"))
        #expect(text.contains("CA:TRUE, pathlen:0"))
        #expect(text.contains("Certificate Sign, CRL Sign"))
    }
}
