extension Loader {
    mutating func drill(in root: OpenSection) -> Drill {
        let section = open("drill", of: root, as: Schema.drill)
        let budgets = open("budgets", of: section, as: Schema.budgets)
        return Drill(
            read: optionalText("read", in: section)?.value,
            write: drillWrite(in: section),
            budgets: Drill.Budgets(
                readPauseSeconds: number("read_pause", in: budgets).value,
                writePauseSeconds: number("write_pause", in: budgets).value,
                recoverySeconds: number("recovery", in: budgets).value,
                failedWrites: number("failed_writes", in: budgets).value))
    }

    private mutating func drillWrite(in section: OpenSection) -> Drill.Write? {
        let type = text("content_type", in: section).value
        let step = number("check_step", in: section).value
        let path = optionalText("write", in: section)
        let body = optionalText("body", in: section)
        let check = optionalText("check", in: section)
        let reread = optionalText("reread", in: section)
        if let body, !body.value.contains("{text}") {
            problems.add(
                "drill.body: expected {text} in it, by which a write is found again, found \(body.value.quoted)",
                at: body.position)
        }
        if let check, check.value.contains("{text}") == check.value.contains("{offset}") {
            problems.add(
                "drill.check: expected either {text} or {offset} in it, found \(check.value.quoted)",
                at: check.position)
        }
        if let reread, !reread.value.contains("{text}"), !reread.value.contains("{number}") {
            problems.add(
                "drill.reread: expected {text} or {number} in it, found \(reread.value.quoted)", at: reread.position)
        }
        let needed = [("write", path == nil), ("body", body == nil), ("check", check == nil)]
        let isAny = ["write", "body", "check", "reread"].contains { section.entries[$0] != nil }
        for (name, isMissing) in needed
        where isAny && isMissing && section.entries[name] == nil && !section.isExcused(name) {
            let key = section.schema.key(name)
            problems.add(
                "drill.\(name) is missing: a drill that writes wants write, body and check, such as "
                    + "'\(name): \(key?.example ?? "")'",
                at: section.position)
        }
        guard let path, let body, let check else { return nil }
        return Drill.Write(
            path: path.value, body: body.value, contentType: type, reread: reread?.value, check: check.value,
            checkStep: step)
    }
}
