"""One side of a transfer by libtorrent: seed|fetch TORRENT FOLDER PORT [SEEDER_PORT...]

Prints "ready". A fetch begins at a line on stdin and prints "done" when all pieces are verified.
"""

import sys
import time

import libtorrent as lt

role, torrent, folder, port, *seeders = sys.argv[1:]
MIB = 1_048_576

settings = lt.high_performance_seed()
settings.update({
    "listen_interfaces": f"127.0.0.1:{port}",
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_outgoing_utp": False, "enable_incoming_utp": False,
    "out_enc_policy": 2, "in_enc_policy": 2,  # in the clear
    "allow_multiple_connections_per_ip": True,
    "hashing_threads": 2, "aio_threads": 4,
    "max_out_request_queue": 3_000, "max_allowed_in_request_queue": 3_000,
    "max_queued_disk_bytes": 64 * MIB,
    "send_buffer_watermark": 8 * MIB, "send_buffer_low_watermark": 2 * MIB, "send_buffer_watermark_factor": 250,
    "recv_socket_buffer_size": 4 * MIB, "send_socket_buffer_size": 4 * MIB,
    "request_queue_time": 10, "whole_pieces_threshold": 60,
    "unchoke_slots_limit": -1, "suggest_mode": 0,
})
session = lt.session(settings)
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = folder
params.trackers = []

if role == "seed":
    params.flags |= lt.torrent_flags.seed_mode
    handle = session.add_torrent(params)
    while not handle.status().is_seeding:
        time.sleep(0.01)
    print("ready", flush=True)
    sys.stdin.read()
else:
    print("ready", flush=True)
    sys.stdin.readline()
    handle = session.add_torrent(params)
    for seeder in seeders:
        handle.connect_peer(("127.0.0.1", int(seeder)))
    done = False
    while not done:
        session.wait_for_alert(1_000)
        for alert in session.pop_alerts():
            done = done or isinstance(alert, lt.torrent_finished_alert)
            if isinstance(alert, lt.torrent_error_alert):
                sys.exit(alert.message())
    print("done", flush=True)
    sys.stdin.read()
