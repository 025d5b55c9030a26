"""PostgreSQL's cursor in serving processes."""

from typing import Any, Self

from django.db.backends.postgresql.base import CursorMixin
from psycopg import Cursor, OperationalError, _queries
from psycopg.errors import FeatureNotSupported, IdleInTransactionSessionTimeout
from psycopg.pq import TransactionStatus

# psycopg keeps what it makes of a statement's %s, but not of one with more than 50 values, since there may be many.
# Ours are few: the INSERT of an order, and of some lines (ordersite.core.inserts). Split anew each time, they took
# 4 % of the CPU of a placing. It keeps the last 128 at most.
_queries.MAX_CACHED_STATEMENT_PARAMS = 999


class PreparingCursor(CursorMixin, Cursor[Any]):
    """Runs a statement once more where its kept plan no longer fits the table.

    A migration that changes a column's type makes PostgreSQL refuse each statement that was prepared before and returns
    the column ("cached plan must not change result type"). Between transactions what was prepared is forgotten here and
    the statement is run again. Inside one nothing can be run again, but its rollback makes psycopg forget too:
    `run_in_transaction` begins the call anew.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        try:
            return super().execute(query, params, **options)
        except IdleInTransactionSessionTimeout as error:
            # To psycopg a fault within; to us a session that was lost as others are.
            raise OperationalError(str(error)) from error
        except FeatureNotSupported:
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                raise
            self.connection.execute("DEALLOCATE ALL")  # psycopg reads the answer and forgets its names
            return super().execute(query, params, **options)
