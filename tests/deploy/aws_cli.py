"""The AWS CLI as a program `aws` that answers at once: one process has it loaded, and forks for every call.

aws_cli.py serve SOCKET LOG        LOG gets the arguments of every call, a JSON list a line
aws_cli.py call SOCKET ARGUMENT…   what the program `aws` of the tests does
"""

import array
import json
import os
import signal
import socket
import sys
import traceback


def serve(path, log):
    import awscli.clidriver

    data_path = os.environ["AWS_DATA_PATH"]  # where it has just written what its descriptions of services are
    driver = awscli.clidriver.create_clidriver()
    for service in ("cloudformation", "ec2", "s3", "ssm", "dynamodb", "sqs", "lambda"):
        driver.session.get_service_model(service)  # compiles and reads what every call needs
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(16)
    while True:
        connection, _ = server.accept()
        if os.fork():
            connection.close()
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        server.close()
        handles = array.array("i")
        message, control, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(3 * handles.itemsize))
        handles.frombytes(control[0][2])
        request = json.loads(message)
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps(request["arguments"]) + "\n")
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
        os.environ.clear()
        os.environ.update(request["environment"], AWS_DATA_PATH=data_path)
        os.chdir(request["folder"])
        sys.argv = ["aws", *request["arguments"]]
        status = 255
        try:
            status = driver.main(request["arguments"])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except Exception:  # noqa: BLE001: whatever it is, who called must see it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            connection.send(bytes([(status or 0) & 255]))
            os._exit(0)


def call(path, arguments):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    if "sqs" in arguments:  # the one service that does not listen to AWS_ENDPOINT_URL in this version
        arguments = ["--endpoint-url", os.environ["AWS_ENDPOINT_URL"], *arguments]
    request = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}
    handles = array.array("i", [0, 1, 2])
    connection.sendmsg([json.dumps(request).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
    answer = connection.recv(1)
    sys.exit(answer[0] if answer else 255)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], sys.argv[3])
    else:
        call(sys.argv[2], sys.argv[3:])
