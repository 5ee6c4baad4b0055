import { coreTypes } from 'didcomm-mote'
import { typeRegistry } from 'didcomm-mote/message'
import { discoverFeatures } from 'didcomm-mote/protocols/discover-features'
import { reportType } from 'didcomm-mote/protocols/telemetry'
import { actuateTypes } from 'didcomm-mote/protocols/telemetry-actuate'
import { batchType } from 'didcomm-mote/protocols/telemetry-batch'
import { configTypes } from 'didcomm-mote/protocols/telemetry-config'
import { subscribeTypes } from 'didcomm-mote/protocols/telemetry-subscribe'
import { trustPing } from 'didcomm-mote/protocols/trust-ping'

/** All numbers of message types that are published (`docs/telemetry.md`, "Numbers"). */
export const knownTypes: ReturnType<typeof typeRegistry> = typeRegistry([
  ...coreTypes,
  reportType,
  batchType,
  ...subscribeTypes,
  ...configTypes,
  ...actuateTypes,
  ...(trustPing().types ?? []),
  ...(discoverFeatures({ features: [] }).types ?? []),
])
