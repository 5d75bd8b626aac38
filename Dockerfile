# A server without a build chain.  CPU:  docker build -t weftnet .
# GPU: PyPI's torch for Linux brings CUDA:  docker build -t weftnet:gpu --build-arg TORCH_INDEX=https://pypi.org/simple .
FROM python:3.11-slim AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG EXTRAS=serve
WORKDIR /build
RUN python -m venv /opt/weftnet
ENV PATH=/opt/weftnet/bin:$PATH
COPY constraints.txt ./
# the largest layer by itself: it stays as it is while the code changes
RUN pip install --no-cache-dir --constraint constraints.txt \
    --index-url "$TORCH_INDEX" --extra-index-url https://pypi.org/simple torch
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip install --no-cache-dir --constraint constraints.txt ".[$EXTRAS]"

FROM python:3.11-slim
COPY --from=build /opt/weftnet /opt/weftnet
ENV PATH=/opt/weftnet/bin:$PATH XDG_CACHE_HOME=/tmp/cache PYTHONDONTWRITEBYTECODE=1
RUN useradd --create-home --uid 1000 weftnet
USER weftnet
WORKDIR /home/weftnet
EXPOSE 8000
ENTRYPOINT ["weftnet"]
CMD ["--help"]
