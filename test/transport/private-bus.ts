import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasDbusDaemon = spawnSync('dbus-daemon', ['--version']).status === 0
// biome-ignore lint/suspicious/noConsole: whoever runs the tests is to know what was not tested
if (!hasDbusDaemon) console.warn('no dbus-daemon here: BLE is not tested over D-Bus')

/** A message bus of our own. */
export interface PrivateBus {
  readonly address: string
  stop(): void
}

/** So few that what is not taken back is noticed soon. */
const maxRules = 30

/** Starts a bus on which everybody may do everything, and lets `systemBus()` of dbus-next find it. */
export async function startPrivateBus(): Promise<PrivateBus> {
  const folder = mkdtempSync(join(tmpdir(), 'private-bus-'))
  const socket = join(folder, 'socket')
  const config = join(folder, 'bus.conf')
  writeFileSync(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy>
<limit name="max_match_rules_per_connection">${maxRules}</limit></busconfig>`,
  )
  const daemon = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--nopidfile', '--print-address'])
  // The socket is there before anybody listens to it; the address is printed after.
  await once(daemon.stdout, 'data')
  const address = `unix:path=${socket}`
  process.env['DBUS_SYSTEM_BUS_ADDRESS'] = address
  return {
    address,
    stop: () => {
      daemon.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
