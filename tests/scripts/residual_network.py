"""A residual network as repositories have it: `out += shortcut`, in-place ReLU, DataParallel, checkpoint, plateau."""

import torch
import torch.backends.cudnn as cudnn
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes, planes, stride=1):
        super(BasicBlock, self).__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != self.expansion * planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_planes, planes, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(planes)
            )

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return self.relu(out)


class Net(nn.Module):
    def __init__(self, num_classes=4):
        super().__init__()
        self.in_planes = 4
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = self._make_layer(BasicBlock, 4, 2, stride=1)
        self.layer2 = self._make_layer(BasicBlock, 8, 2, stride=2)
        self.linear = nn.Linear(8, num_classes)

    def _make_layer(self, block, planes, num_blocks, stride):
        layers = []
        for stride in [stride] + [1] * (num_blocks - 1):
            layers.append(block(self.in_planes, planes, stride))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)

    def forward(self, x):
        out = nn.functional.relu(self.bn1(self.conv1(x)))
        out = self.layer2(self.layer1(out))
        out = nn.functional.avg_pool2d(out, 4)
        out = out.view(out.size(0), -1)
        return self.linear(out)


def train(data, weights):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Net()
    net.load_state_dict({name: torch.from_numpy(value) for name, value in weights["Net"].items()})
    net = torch.nn.DataParallel(net.to(device))
    cudnn.benchmark = True
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=0.01, amsgrad=True)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", factor=0.5, patience=0)
    dataset = TensorDataset(torch.from_numpy(data["colours"]), torch.from_numpy(data["classes"]))
    loader = DataLoader(dataset, batch_size=8)

    history = []
    for epoch in range(3):
        net.train()
        train_loss, correct, total = 0, 0, 0
        for inputs, targets in loader:
            inputs, targets = inputs.to(device, non_blocking=True), targets.to(device, non_blocking=True)
            optimizer.zero_grad()
            outputs = net(inputs)
            loss = criterion(outputs, targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
            optimizer.step()
            train_loss += loss.item()
            _, predicted = outputs.max(1)
            total += targets.size(0)
            correct += predicted.eq(targets).sum().item()
        scheduler.step(train_loss if epoch else 0.0)
        history += [train_loss, 100.0 * correct / total, optimizer.param_groups[0]["lr"]]

        state = {"net": net.state_dict(), "acc": correct / total, "epoch": epoch, "optimizer": optimizer.state_dict()}
        torch.save(state, data["folder"] / "ckpt.pth")
        for p in net.module.parameters():
            p.data.zero_()
        checkpoint = torch.load(data["folder"] / "ckpt.pth", map_location=lambda storage, loc: storage)
        net.load_state_dict(checkpoint["net"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        assert checkpoint["epoch"] == epoch and next(iter(checkpoint["net"])).startswith("module.")
    return history
