import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TandemBlueprint
import TandemStack
import TandemTopology

/// Tells the database router where to send clients (HAProxy's `agent-check`): one line asked, one line answered.
struct RouterChecks: Sendable {
    let board: TopologyBoard
    let address: String
    var port = Ports.agentCheck
    /// Tells the router what changes, before it asks; nil on a host without one.
    var push: RouterPush?
    let logger: Logger

    /// A replica that is further behind than this is left out of the reads.
    static let lagBoundSeconds = 10.0
    /// How many connections are open at the same time. Beyond that the agent closes the oldest: HAProxy asks as it
    /// connects and is answered at once, so that the oldest connections belong to clients that have not asked.
    var mostConnections = 512
    /// Whoever has not asked and read the answer by then is cut off; HAProxy gives up long before.
    static let patience = TimeAmount.seconds(2)

    /// How long an agent that has just started listens to the others before it gives verdicts of its own.
    var listeningTime = TopologyBoard.listeningTime

    /// Runs until cancelled.
    func run() async throws {
        await board.listen(atMost: listeningTime)
        let answers = RouterAnswers(members: board.knownMembers, mostConnections: mostConnections)
        // One thread for all: a question that another one had to be woken for would cost twice as much.
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.any())
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // The keeper holds the port for us, see `HeldPorts`.
            .serverChannelOption(
                ChannelOptions.socket(SocketOptionLevel(SOL_SOCKET), SocketOptionName(SO_REUSEPORT)), value: 1
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RouterCheckHandler(answers: answers))
                }
            }
            .bind(host: address, port: port).get()
        async let _ = push?.run(answers)
        try? await withTaskCancellationHandler {
            try await server.closeFuture.get()
        } onCancel: {
            server.close(promise: nil)
        }
        try Task.checkCancellation()
    }
}

/// The verdicts, and who asks for them.
final class RouterAnswers: Sendable {
    private let members: KnownMembers
    private let mostConnections: Int
    private let open = Mutex(Connections())

    private struct Connections {
        var channels: [Int: any Channel] = [:]
        /// No connection has a lower number.
        var oldest = 0
        var next = 0
        /// Those that were given an answer, or are about to be: until the router has closed them it may not have read
        /// it.
        var answered: Set<Int> = []
    }

    init(members: KnownMembers, mostConnections: Int) {
        self.members = members
        self.mostConnections = mostConnections
    }

    /// Takes in one more; the oldest is closed where there are too many.
    /// - Returns: its number.
    func enter(_ channel: any Channel) -> Int {
        let (number, oldest) = open.withLock { open -> (Int, (any Channel)?) in
            let number = open.next
            var oldest: (any Channel)?
            if open.channels.count >= mostConnections {
                while open.oldest < number, open.channels[open.oldest] == nil { open.oldest += 1 }
                oldest = open.channels.removeValue(forKey: open.oldest)
            }
            open.channels[number] = channel
            open.next += 1
            return (number, oldest)
        }
        oldest?.close(promise: nil)
        return number
    }

    func leave(_ number: Int) {
        open.withLock { open in
            open.channels.removeValue(forKey: number)
            open.answered.remove(number)
        }
    }

    /// To be called before it is worked out what the answer is.
    func willAnswer(_ number: Int) { open.withLock { _ = $0.answered.insert(number) } }

    /// Returns when those have read their answers who were given one before this was called, or after a bound.
    /// - Returns: whether there were any.
    func settle(within bound: Duration) async -> Bool {
        let waiting = open.withLock { $0.answered }
        let deadline = ContinuousClock.now + bound
        while ContinuousClock.now < deadline, open.withLock({ !$0.answered.isDisjoint(with: waiting) }) {
            try? await Task.sleep(for: .milliseconds(1))
            if Task.isCancelled { break }
        }
        return !waiting.isEmpty
    }

    /// nil: there was no word of that server yet.
    func verdict(on line: String) -> RouterVerdict? { RouterQuestion(line: line).flatMap(verdict) }

    func verdict(on question: RouterQuestion) -> RouterVerdict? {
        let words = members.now
        guard let member = words[question.host] else { return nil }
        // A server that is about to stop keeps its sessions, so that they can finish; what is left is cut once it has
        // stopped.
        let isOpen =
            switch question.purpose {
            case .write: words.takesWrites(question.host)
            case .read: words.servesReads(question.host, lagBoundSeconds: RouterChecks.lagBoundSeconds)
            }
        guard isOpen else { return .closed }
        return member.isClosing == true ? .drain : .open
    }
}

/// One question. Asked many times a second for as long as the stack runs, so it does without tasks.
private final class RouterCheckHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let longestLineBytes = 256
    private static let lineEnds = [UInt8(ascii: "\n"), RouterQuestion.terminator]

    private let answers: RouterAnswers
    private var received = ByteBuffer()
    private var isAnswered = false
    private var number: Int?
    private var timer: Scheduled<Void>?

    init(answers: RouterAnswers) { self.answers = answers }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        number = answers.enter(channel)
        // Also for a client that never says anything or never reads.
        timer = context.eventLoop.scheduleTask(in: RouterChecks.patience) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if let number { answers.leave(number) }
    }

    /// The first line, however many packets it comes in.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        var buffer = unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        let bytes = received.readableBytesView
        guard let end = bytes.firstIndex(where: { Self.lineEnds.contains($0) }) else {
            if bytes.count > Self.longestLineBytes { context.close(promise: nil) }
            return
        }
        isAnswered = true
        if let number { answers.willAnswer(number) }
        let channel = context.channel
        guard let verdict = answers.verdict(on: String(decoding: bytes[..<end], as: UTF8.self)) else {
            context.close(promise: nil)
            return
        }
        // The router closes the connection when it has read the answer; see `RouterAnswers.settle`.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: verdict.reply)))
            .whenComplete { _ in channel.close(mode: .output, promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
