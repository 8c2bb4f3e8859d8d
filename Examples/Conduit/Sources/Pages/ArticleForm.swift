/// The form to write an article, with what was typed and what is wrong with it.
struct ArticleForm: Decodable {
    var title = ""
    var description = ""
    var body = ""
    /// Separated by commas.
    var tags = ""
    var problems: [String: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        title = try container.decodeIfPresent(String.self, forKey: .title) ?? ""
        description = try container.decodeIfPresent(String.self, forKey: .description) ?? ""
        // Forms send line ends as CR LF.
        body = (try container.decodeIfPresent(String.self, forKey: .body) ?? "").split(
            separator: "\r\n", omittingEmptySubsequences: false
        )
        .joined(separator: "\n")
        tags = try container.decodeIfPresent(String.self, forKey: .tags) ?? ""
    }

    private enum CodingKeys: CodingKey { case title, description, body, tags }

    func draft() throws(ValidationFailure) -> Draft {
        try Draft(title: title, description: description, body: body, tags: tags.split(separator: ",").map(String.init))
    }

    var html: HTML {
        """
        <form class="card" method="post" action="/articles" accept-charset="utf-8">
        <label for="title">Title</label><input id="title" name="title" required maxlength="\(Draft.titleLimit)" value="\(title)"\(mark("title"))>\(problem("title"))
        <label for="description">What is it about?</label><input id="description" name="description" required maxlength="\(Draft.descriptionLimit)" value="\(description)"\(mark("description"))>\(problem("description"))
        <label for="body">Text</label><textarea id="body" name="body" required maxlength="\(Draft.bodyLimitBytes)"\(mark("body"))>
        \(body)</textarea>\(problem("body"))
        <label for="tags">Tags, separated by commas</label><input id="tags" name="tags" value="\(tags)"\(mark("tagList"))>\(problem("tagList"))
        <button>Publish</button>
        </form>
        """
    }

    private func mark(_ field: String) -> HTML {
        problems[field] == nil ? "" : " aria-invalid=\"true\" aria-describedby=\"\(field)-problem\""
    }

    private func problem(_ field: String) -> HTML {
        guard let texts = problems[field] else { return "" }
        return "<p class=\"problem\" id=\"\(field)-problem\">\(texts.joined(separator: "; "))</p>"
    }
}
