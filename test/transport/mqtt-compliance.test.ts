import { hasMosquitto } from './broker.ts'
import { transportCompliance } from './compliance.ts'
import { aedesPair, mosquittoPair } from './pairs/mqtt.ts'

transportCompliance('mqtt over aedes', () => aedesPair())
transportCompliance('mqtt over aedes without sessions', () => aedesPair({ clean: true }))
if (hasMosquitto) {
  transportCompliance('mqtt 3.1.1 over mosquitto', () => mosquittoPair(4))
  transportCompliance('mqtt 5 over mosquitto', () => mosquittoPair(5))
}
