/** A value with its D-Bus signature. */
export interface DBusVariant {
  readonly signature: string
  readonly value: unknown
}

/** What is used of a message of dbus-next. */
export interface DBusMessage {
  readonly type: number
  readonly sender: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly body: unknown[]
}

/** What is used of a connection to a bus. */
export interface DBusBus {
  call(message: DBusMessage): Promise<DBusMessage | null>
  send(message: DBusMessage): void
  addMethodHandler(handler: (message: DBusMessage) => boolean): void
  removeMethodHandler(handler: (message: DBusMessage) => boolean): void
  on(event: 'message', listener: (message: DBusMessage) => void): unknown
  removeListener(event: 'message', listener: (message: DBusMessage) => void): unknown
}

/** What is used of the module `dbus-next`, so that this package need not import it. */
export interface DBus {
  readonly Message: {
    new (fields: {
      destination: string
      path: string
      interface: string
      member: string
      signature: string
      body: unknown[]
    }): DBusMessage
    newSignal(path: string, iface: string, name: string, signature: string, body: unknown[]): DBusMessage
    newMethodReturn(message: DBusMessage, signature: string, body: unknown[]): DBusMessage
    newError(message: unknown, errorName: string, errorText: string): DBusMessage
  }
  readonly Variant: new (signature: string, value: unknown) => DBusVariant
}

export const propertiesInterface = 'org.freedesktop.DBus.Properties'
export const objectManagerInterface = 'org.freedesktop.DBus.ObjectManager'
/** The type of a signal (D-Bus specification, "Message Types"). */
export const signalType = 4
