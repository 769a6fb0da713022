"""Private keys that the platform keeps for applications whose programs never hold them (the KPN wrapper).

Sealed under the instance key. A key is of use only as long as the application's public key is the one it was
made with; an application that is given another one keeps its own private key from then on.
"""

from dataclasses import dataclass

from offhook.storage import tables
from offhook.storage.mapping import Mapped


@dataclass(frozen=True, slots=True)
class ApplicationKey:
    application_id: str
    account_id: str
    public_key: str
    """SPKI PEM."""
    private_key: bytes
    """Sealed PKCS#8 PEM."""
    created_at: int


_keys = Mapped(tables.application_keys, ApplicationKey, "key of an application")

insert = _keys.insert
get = _keys.get
delete = _keys.delete
