/// Reads one stack file. What is wrong goes to `problems`; a value that was refused is replaced by a harmless
/// one, so that the rest can be checked too, and there is no stack in the end.
struct Loader {
    let folder: String
    let lastAddresses: [String: String]
    var problems = Problems()

    /// The folder is checked because generated files and the app's working directory lie in it.
    init(folder: String, lastAddresses: [String: String] = [:]) {
        self.folder = FilePath.normalised(folder)
        self.lastAddresses = lastAddresses
        do throws(Complaint) {
            guard folder.hasPrefix("/") else { throw Complaint("expected an absolute path, found \(folder.quoted)") }
            try FilePath.check(folder)
        } catch {
            problems.add("the folder of this file cannot be used: \(error.message); move the file", at: .start)
        }
    }

    /// Nil where there is no file to speak of; else complete, but worthless unless `problems` is empty.
    mutating func load(_ text: String) -> Stack? {
        guard let tree = TreeReader.read(text, problems: &problems) else {
            if problems.isEmpty { addEmptyFile() }
            return nil
        }
        if tree.isNothing {
            addEmptyFile()
            return nil
        }
        guard case .mapping = tree.content else {
            if case .refused = tree.content { return nil }
            problems.add("expected a map with stack and app at the top level, found \(tree.summary)", at: tree.position)
            return nil
        }
        return stack(open(tree, as: Schema.root, at: tree.position))
    }

    private mutating func stack(_ root: OpenSection) -> Stack {
        let name = text("stack", in: root)
        let before = problems.count
        let (hosts, destinations) = hosts(in: root, stack: name.value)
        let areHostsFine = problems.count == before
        let isOnLoopback = hosts.allSatisfy(\.isOnLoopback)
        let app = app(in: root, hosts: hosts.map(\.name))
        let monitoring = monitoring(in: root, hosts: hosts)
        return Stack(
            name: name.value,
            domain: domain(in: root, stack: name.value),
            hosts: hosts,
            balancer: balancer(
                in: root, isOnLoopback: isOnLoopback, appInstances: app.instances, isMonitored: monitoring != nil),
            web: web(in: root),
            app: app,
            database: database(in: root, stack: name),
            engines: engines(in: root),
            drill: drill(in: root),
            ssh: ssh(in: root, destinations: destinations),
            firewall: firewall(in: root),
            front: front(in: root, hosts: hosts, areHostsFine: areHostsFine),
            monitoring: monitoring)
    }

    private mutating func domain(in root: OpenSection, stack: String) -> String {
        let found = text("domain", in: root)
        let own = Stack.internalDomain(stack: stack)
        if found.isValid, found.value == own || found.value.hasSuffix(".\(own)") {
            problems.add(
                "domain: names under \(own.quoted) are those by which the parts of this stack know each other; "
                    + "choose the name that users type into a browser, such as shop.example.com",
                at: found.position)
        }
        return found.value
    }

    private mutating func addEmptyFile() {
        problems.add(
            "the file is empty; the smallest one holds 'stack: NAME', 'app:' and under it 'run: COMMAND'", at: .start)
    }
}
