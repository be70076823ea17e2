"""A Kubernetes API server in this process: it refuses what a real one refuses, and really starts the containers.

    async with ApiServer(rules=role["rules"]) as server:
        config = server.kubeconfig(tmp_path / "kubeconfig")

Containers are processes of this machine, their images a set of names, their network the loopback interface. Needs
`kubernetes-validate`, which has the published schemas.
"""

from framework.testing.kubernetes.references import dangling
from framework.testing.kubernetes.rules import Wrong, restricted, undecodable, wrongs
from framework.testing.kubernetes.server import ApiServer, Fault

__all__ = ["ApiServer", "Fault", "Wrong", "dangling", "restricted", "undecodable", "wrongs"]
