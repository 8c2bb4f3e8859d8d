import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The front over HTTPS, as a browser of one connection has it.
public struct HTTPFrontDoor: FrontDoor {
    private let url: String
    /// The name in the URL, and the address that it leads to whatever the machine's resolver says.
    private let override: [String: String]
    private let caFile: String
    private let patience: Duration

    static let connectPatience = TimeAmount.seconds(5)
    private static let mostAnswerBytes = 16 << 20

    /// - Parameters:
    ///   - address: where the name leads; nil: wherever this machine's resolver says.
    ///   - caFile: the stack's authority.
    public init(url: String, name: String, address: String?, caFile: String, patience: Duration) {
        self.url = url
        override = address.map { [name: $0] } ?? [:]
        self.caFile = caFile
        self.patience = patience
    }

    func client() -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(caFile)
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: Self.connectPatience),
            connectionPool: .init(idleTimeout: .seconds(60), concurrentHTTP1ConnectionsPerHostSoftLimit: 1))
        configuration.httpVersion = .http1Only
        configuration.dnsOverride = override
        // A second try is the ledger's, which counts it.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }

    public func visitor() -> any VisitorClient { HTTPVisitor(door: self, url: url, patience: patience) }

    public func fetch(_ path: String) async throws -> (status: Int, body: [UInt8]) {
        let client = client()
        do {
            let response = try await client.execute(HTTPClientRequest(url: url + path), timeout: Self.amount(patience))
            let body = try await response.body.collect(upTo: Self.mostAnswerBytes)
            try? await client.shutdown()
            return (Int(response.status.code), Array(body.readableBytesView))
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    static func amount(_ time: Duration) -> TimeAmount { .nanoseconds(Int64(time / .nanoseconds(1))) }
}

final class HTTPVisitor: VisitorClient {
    private let door: HTTPFrontDoor
    private let url: String
    private let patience: Duration
    private let client: HTTPClient
    private let cookies = Mutex<[String: String]>([:])

    private static let mostAnswerBytes = 4 << 20
    private static let mostCookies = 20

    init(door: HTTPFrontDoor, url: String, patience: Duration) {
        self.door = door
        self.url = url
        self.patience = patience
        client = door.client()
    }

    func shutdown() async { try? await client.shutdown() }

    func get(_ path: String, expecting text: String?, isAnew: Bool) async -> Attempt {
        let request = HTTPClientRequest(url: url + path)
        guard isAnew else { return await send(request, text, client) }
        let fresh = door.client()
        let attempt = await send(request, text, fresh)
        try? await fresh.shutdown()
        return attempt
    }

    func post(_ path: String, body: String, contentType: String) async -> Attempt {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: contentType)
        request.body = .bytes(ByteBuffer(string: body))
        return await send(request, nil, client)
    }

    private func send(_ request: HTTPClientRequest, _ text: String?, _ client: HTTPClient) async -> Attempt {
        var request = request
        let kept = cookies.withLock { $0.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; ") }
        if !kept.isEmpty { request.headers.add(name: "Cookie", value: kept) }
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: HTTPFrontDoor.amount(patience))
        } catch {
            return Self.attempt(of: error)
        }
        do {
            let body = try await response.body.collect(upTo: Self.mostAnswerBytes)
            keep(response.headers)
            let hasText = text.map { String(buffer: body).contains($0) } ?? true
            return .answered(status: Int(response.status.code), hasText: hasText)
        } catch {
            return .cutInAnswer("\(error)")
        }
    }

    private static func attempt(of error: any Error) -> Attempt {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded: .timedOut
        case let error as HTTPClientError where error == .connectTimeout || error == .tlsHandshakeTimeout:
            .notSent("\(error)")
        case is NIOConnectionError: .notSent("refused")
        case NIOSSLError.handshakeFailed: .notSent("TLS handshake failed")
        default: .cut("\(error)")
        }
    }

    private func keep(_ headers: HTTPHeaders) {
        for header in headers["Set-Cookie"] {
            let pair = header.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else { continue }
            cookies.withLock { cookies in
                guard cookies[pair[0]] != nil || cookies.count < Self.mostCookies else { return }
                cookies[pair[0]] = pair[1]
            }
        }
    }
}
