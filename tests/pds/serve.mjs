// A Bluesky server (PDS) and the directory of identities (PLC) on loopback, empty, until standard input ends.
// The first line of standard output names both addresses as JSON. Argument: a folder for its files.
import { mkdir } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { Secp256k1Keypair } from '@atproto/crypto'
import { PDS } from '@atproto/pds'
import plc from '@did-plc/server'

// Both would listen on every interface.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (first, ...rest) {
  return typeof first === 'number' && typeof rest[0] !== 'string'
    ? listen.call(this, first, '127.0.0.1', ...rest)
    : listen.call(this, first, ...rest)
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = net.createServer().on('error', reject)
    probe.listen(0, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

const folder = process.argv[2]
await mkdir(path.join(folder, 'data'), { recursive: true })
const [plcPort, pdsPort] = [await freePort(), await freePort()]
const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort })
await directory.start()
const key = await Secp256k1Keypair.create({ exportable: true })
const server = await PDS.fromEnv({
  devMode: true,
  port: pdsPort,
  dataDirectory: path.join(folder, 'data'),
  blobstoreDiskLocation: path.join(folder, 'blobs'),
  recoveryDidKey: (await Secp256k1Keypair.create()).did(),
  adminPassword: 'only-here',
  jwtSecret: 'only-here',
  serviceHandleDomains: ['.test'],
  didPlcUrl: `http://127.0.0.1:${plcPort}`,
  plcRotationKeyK256PrivateKeyHex: Buffer.from(await key.export()).toString('hex'),
  inviteRequired: false,
  disableSsrfProtection: true,
})
await server.start()
process.stdout.write(
  JSON.stringify({ pds: `http://127.0.0.1:${pdsPort}`, plc: `http://127.0.0.1:${plcPort}` }) + '\n',
)

process.stdin.resume()
process.stdin.on('end', async () => {
  await server.destroy()
  await directory.destroy()
  process.exit(0)
})
