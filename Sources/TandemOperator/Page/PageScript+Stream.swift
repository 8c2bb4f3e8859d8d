extension PageMarkup {
    /// Takes what the server tells, and notices when it tells nothing.
    static let scriptStream = #"""
        let last = null;
        // On a clock that is never set: performance.now().
        let heardAt = 0;
        let openedAt = 0;
        let source = null;

        const words = { up: '● up', starting: '◌ starting', degraded: '✗ degraded', stopped: '○ stopped' };
        const writes = { pair: 'pair: writes are acknowledged once two servers have them', solo: 'solo: writes are on one server only', waiting: 'writes wait' };

        function show(state) {
          remember(state.status, last && last.status);
          last = state;
          const status = state.status;
          document.title = (words[status.state] || '?') + ' ' + status.stack;
          say($('name'), status.stack);
          say($('state'), words[status.state] || status.state);
          mark(document.body, 'state', status.state);
          say($('url'), status.url);
          if (/^https:\/\//.test(status.url)) $('url').href = status.url;
          say($('clock'), 'as of ' + clock(Date.parse(state.at) / 1000));
          say($('summary'), state.summary);
          mark($('summary'), 'level', state.concerns.length === 0 ? 'none' : state.concerns[0].level);
          list($('concerns'), state.concerns, concern => JSON.stringify(concern), concern => {
            const item = make('li', concern.level);
            item.append(make('b', '', concern.level === 'problem' ? '✗ Problem' : '! Notice'), ' ', make('span', '', concern.what));
            if (concern.next) item.append(' ', make('code', '', concern.next));
            return item;
          });
          list($('events'), state.events, event => event.at + event.text, event => {
            const item = make('li', event.kind);
            const sign = make('span', 'mark', eventMarks[event.kind] || '•');
            sign.setAttribute('aria-hidden', 'true');
            const isOld = Date.now() / 1000 - event.at > 43200;
            item.append(make('time', '', (isOld ? new Date(event.at * 1000).toLocaleDateString() + ' ' : '') + clock(event.at)), sign, make('span', '', event.text));
            return item;
          });
          const database = status.database;
          say($('writes'), database
            ? 'Primary ' + database.primary + ', epoch ' + database.epoch + ', ' + writes[database.sync] + '.' : 'No agent says who is primary.');
          fill(state);
          connect(state);
          chart(state.events);
        }

        // Puts items in and out where they differ, so that what stays is not read out again.
        function list(parent, values, key, item) {
          const wanted = values.map(key);
          if (JSON.stringify(wanted) === parent.wanted) return;
          parent.wanted = JSON.stringify(wanted);
          const known = new Map([...parent.children].map(child => [child.key, child]));
          parent.replaceChildren(...values.map((value, index) => {
            const child = known.get(wanted[index]) || item(value);
            child.key = wanted[index];
            return child;
          }));
        }

        function open() {
          if (source) source.close();
          openedAt = performance.now();
          source = new EventSource('/events');
          source.addEventListener('hour', event => { heardAt = performance.now(); points.clear(); keep(JSON.parse(event.data).points); });
          source.addEventListener('state', event => {
            heardAt = performance.now();
            const state = JSON.parse(event.data);
            keep(state.points);
            show(state);
          });
        }

        // A browser gives up by itself after some answers, and notices no connection that leads nowhere.
        function watch() {
          const silence = performance.now() - heardAt;
          // The first event may come over SSH, and waits for agents that are silent.
          const patience = heardAt >= openedAt ? 4000 : 20000;
          const isGone = silence > 5000 && performance.now() - openedAt > patience;
          document.body.classList.toggle('gone', isGone);
          $('gone').hidden = !isGone;
          if (!isGone) return;
          say($('gone'), (last ? 'This is how it was at ' + clock(Date.parse(last.at) / 1000) + '. ' : '') +
            'The command that serves this page gives no answer; the stack itself may be well. It is asked again every few seconds. If it has ended: tandem open --dashboard');
          open();
        }

        for (const button of document.querySelectorAll('#span input')) {
          button.addEventListener('change', () => { span = Number(button.value); if (last) chart(last.events); });
          if (button.checked) span = Number(button.value);
        }
        $('chart').addEventListener('pointermove', event => { pointed = event.clientX - $('chart').getBoundingClientRect().left; read(); });
        $('chart').addEventListener('pointerleave', () => { pointed = null; read(); });
        window.addEventListener('resize', () => { if (last) { connect(last); chart(last.events); } });
        setInterval(watch, 1000);
        open();

        """#
}
