extension PageMarkup {
    /// The boxes of the picture: users, balancers, servers, and what each runs.
    static let scriptPicture = #"""
        let cards = {};
        let layout = '';

        // As `[Role].areOfBalancerOnly` says.
        function isFront(host) {
          return host.roles.includes('balancer') && host.roles.every(role => ['balancer', 'witness', 'monitor'].includes(role));
        }

        function build(status) {
          const picture = $('picture');
          picture.replaceChildren();
          cards = {};
          const wires = draw('svg', { id: 'wires', 'aria-hidden': 'true' });
          picture.append(wires);
          const users = make('p', 'users');
          users.id = 'users';
          users.append(make('b', '', 'Users'), make('span', 'figures'));
          picture.append(users);
          const fronts = status.hosts.filter(isFront);
          const others = status.hosts.filter(host => !isFront(host));
          for (const hosts of [fronts, others].filter(hosts => hosts.length > 0)) {
            const row = make('ul', 'row');
            for (const host of hosts) row.append(card(host));
            picture.append(row);
          }
        }

        function card(host) {
          const box = make('li', 'host');
          const title = make('h3', '', host.name);
          const address = make('span', 'address', host.address);
          const problem = make('p', 'silent');
          const list = make('ul', 'services');
          const rows = {};
          for (const service of [...host.services].sort((one, other) => place(one.name) - place(other.name))) {
            rows[service.name] = row(service);
            list.append(rows[service.name].item);
          }
          title.append(address);
          box.append(title, problem, list);
          cards[host.name] = { box, problem, rows };
          return box;
        }

        function row(service) {
          const item = make('li', 'service');
          const sign = make('span', 'mark');
          sign.setAttribute('aria-hidden', 'true');
          const name = make('b', 'name', service.name);
          const role = make('span', 'role');
          const state = make('span', 'state');
          const figures = make('span', 'figures');
          item.append(sign, name, role, state, figures);
          return { item, sign, role, state, figures };
        }

        // The agents of silent hosts name no services; what they had stays in the picture, as unknown.
        function remember(status, last) {
          const known = {};
          for (const host of last ? last.hosts : []) known[host.name] = host.services;
          for (const host of status.hosts) {
            host.isSilent = host.agent.state === 'down';
            if (host.services.length === 0 && known[host.name]) host.services = known[host.name];
          }
        }

        function fill(state) {
          const status = state.status;
          const wanted = JSON.stringify(status.hosts.map(host => [host.name, host.address, host.roles, host.services.map(service => service.name)]));
          if (wanted !== layout) {
            layout = wanted;
            build(status);
          }
          const front = state.lines.find(line => line.host === undefined);
          // nginx writes its log up to a second late: the last seconds are not whole yet.
          const whole = state.points.slice(0, -2);
          const point = [...whole].reverse().find(point => point.p50 !== undefined);
          say($('users').querySelector('.figures'), frontFigures(front, point));
          for (const host of status.hosts) {
            const parts = cards[host.name];
            const silence = state.silent.find(silence => silence.host === host.name);
            mark(parts.box, 'silent', String(host.isSilent));
            say(parts.problem, silence
              ? '✗ agent silent' + (silence.seconds === undefined ? '' : ' for ' + silence.seconds + ' s') + ': what it ran is shown as it was' : '');
            for (const service of host.services) fillRow(parts.rows[service.name], host, service, state);
          }
        }

        function frontFigures(front, point) {
          if (!front || front.requests_per_second === undefined) return 'nobody counts requests yet';
          const parts = [rate(front.requests_per_second) + ' requests/s', rate(front.errors_per_second || 0) + ' errors/s'];
          if (point) parts.push('half within ' + point.p50 + ' ms', '99 % within ' + point.p99 + ' ms');
          return parts.join(' · ');
        }

        function fillRow(row, host, service, state) {
          const shown = host.isSilent ? 'unknown' : service.state;
          mark(row.item, 'state', shown);
          say(row.sign, host.isSilent ? '?' : marks[service.state] || '?');
          say(row.state, shown === 'running' ? age(service.since) : shown);
          row.state.title = shown === 'running' ? 'running since ' + service.since : service.detail || '';
          const role = roleOf(host.name, service.name, state.status.database);
          say(row.role, role);
          mark(row.role, 'role', role.split(/\W/)[0]);
          const line = state.lines.find(line => line.host === host.name && line.service === service.name);
          say(row.figures, host.isSilent || !line ? '' : lineFigures(line, service));
        }

        function roleOf(host, service, database) {
          if (service !== 'mysql' || !database) return '';
          if (database.primary === host) return 'primary';
          const replica = database.replicas.find(replica => replica.host === host);
          if (!replica) return '';
          if (replica.state !== 'streaming') return 'replica ' + replica.state;
          return 'replica' + (replica.lag_seconds === undefined ? '' : ', lag ' + replica.lag_seconds + ' s');
        }

        function lineFigures(line, service) {
          const parts = [];
          const unit = service.name === 'router' ? ' sessions/s' : service.name === 'mysql' ? ' statements/s' : '/s';
          if (line.requests_per_second !== undefined) parts.push(rate(line.requests_per_second) + unit);
          if (line.errors_per_second > 0) parts.push('⚠ ' + rate(line.errors_per_second) + ' errors/s');
          if (line.response_milliseconds !== undefined) parts.push(line.response_milliseconds + ' ms');
          if (line.cpu_percent !== undefined) parts.push('cpu ' + Math.round(line.cpu_percent) + ' %');
          if (service.restarts > 0) parts.push(counted(service.restarts, 'restart'));
          return parts.join(' · ');
        }

        """#
}
