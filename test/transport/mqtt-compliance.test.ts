import { hasMosquitto } from './broker.ts'
import { transportCompliance } from './compliance.ts'
import { aedesPair, mosquittoPair } from './pairs/mqtt.ts'
import { connectedAedesPair, connectedMosquittoPair } from './pairs/mqtt-connect.ts'

transportCompliance('mqtt over aedes', () => aedesPair())
transportCompliance('mqtt over aedes without sessions', () => aedesPair({ clean: true }))
transportCompliance('mqtt from a URL over aedes', connectedAedesPair)
if (hasMosquitto) {
  transportCompliance('mqtt 3.1.1 over mosquitto', () => mosquittoPair(4))
  transportCompliance('mqtt 5 over mosquitto', () => mosquittoPair(5))
  transportCompliance('mqtt 3.1.1 from a URL over mosquitto', () => connectedMosquittoPair(4))
  transportCompliance('mqtt 5 from a URL over mosquitto', () => connectedMosquittoPair(5))
}
